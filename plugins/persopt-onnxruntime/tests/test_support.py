"""What is refused, and what is said instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persopt.plugins import QuantizationRequest, Supported, Unsupported
from persopt_onnxruntime.support import check_request


def ask(folder: Path, **fields: Any) -> Supported | Unsupported:
    return check_request(QuantizationRequest(model=str(folder), output="", **fields))


@pytest.mark.parametrize(
    ("fields", "reason", "instead"),
    [
        ({"method": "dynamic", "bits": 3}, "3 bits", "bits=4"),
        ({"method": "dynamic", "bits": 12}, "12 bits", "bits=8"),
        ({"method": "static", "bits": 4}, "4-bit weights with calibrated", "method=weight-only"),
        ({"method": "static", "bits": 16}, "static means activations of 8 bits", "bits=8"),
        ({"method": "dynamic", "bits": 8, "activation_symmetric": True}, "with a zero point", "method=static"),
        (
            {"method": "static", "bits": 8, "activation_granularity": "token"},
            "each token",
            "activationGranularity=tensor",
        ),
        ({"method": "dynamic", "bits": 4, "activation_granularity": "tensor"}, "by block", "leave"),
        ({"method": "weight-only", "bits": 4, "per_channel": False}, "by group only", "perChannel=true"),
        ({"method": "weight-only", "bits": 4, "group_size": 100}, "16 to 256, not 100", "groupSize=128"),
        ({"method": "qat", "bits": 4, "group_size": 1024}, "not 1024", "groupSize=256"),
    ],
)
def test_refusals(fields: dict[str, Any], reason: str, instead: str, tmp_path: Path) -> None:
    answer = ask(tmp_path, **fields)
    assert isinstance(answer, Unsupported)
    assert reason in answer.reason
    assert instead in answer.instead


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "dynamic", "bits": 8, "symmetric": False, "per_channel": False},
        {"method": "static", "bits": 8, "activation_symmetric": True, "activation_granularity": "tensor"},
        {"method": "qat", "bits": 8},
        {"method": "qat", "bits": 4},
        {"method": "weight-only", "bits": 8, "activation_symmetric": True},
        {"method": "dynamic", "bits": 16, "float_type": "bf16"},
        {"method": "weight-only", "bits": 32},
    ],
)
def test_what_can_be_done(fields: dict[str, Any], tmp_path: Path) -> None:
    assert ask(tmp_path, **fields) == Supported()
