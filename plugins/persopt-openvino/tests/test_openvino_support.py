from __future__ import annotations

from typing import Any

import pytest

from persopt.plugins import QuantizationRequest, Supported, Unsupported
from persopt_openvino import OpenvinoOptions
from persopt_openvino.support import find_support


@pytest.mark.parametrize(
    ("asked", "reason", "instead"),
    [
        ({"method": "static", "bits": 4}, "8 bits, not to 4", "method=dynamic, or bits=8"),
        ({"method": "dynamic", "bits": 3}, "3 bits", "bits=4"),
        ({"method": "static", "activation_granularity": "token"}, "not of a token", "activationGranularity=tensor"),
        ({"method": "qat", "ranges": "entropy"}, "entropy", "ranges=mse"),
        ({"method": "weight-only", "per_channel": False}, "each output channel", "perChannel=true"),
        ({"method": "weight-only", "bits": 4, "per_channel": False}, "each group", "perChannel=true"),
        ({"method": "dynamic", "activation_symmetric": False}, "no zero point", "activationSymmetric=true"),
        ({"method": "dynamic", "activation_granularity": "token"}, "in groups", "left out"),
    ],
)
def test_what_it_cannot_do_is_said_in_words_with_the_nearest(asked: dict[str, Any], reason: str, instead: str) -> None:
    answer = find_support(OpenvinoOptions(), _request(**asked))
    assert isinstance(answer, Unsupported)
    assert reason in answer.reason
    assert instead in answer.instead


def test_a_group_of_activations_must_divide_that_of_the_weights() -> None:
    request = _request(method="dynamic", bits=4, group_size=64)
    assert find_support(OpenvinoOptions(dynamic_group_size=32), request) == Supported()
    answer = find_support(OpenvinoOptions(dynamic_group_size=128), request)
    assert isinstance(answer, Unsupported)
    assert "dynamic_group_size=64" in answer.instead


def _request(**asked: Any) -> QuantizationRequest:
    return QuantizationRequest(**({"model": "model", "output": "output", "method": "dynamic", "bits": 8} | asked))
