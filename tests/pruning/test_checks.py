"""What is refused before anything runs, all of it at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from persopt.domain.errors import InputError
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.domain.specs import JobSpec
from persopt.domain.structured import StructuredRatios
from persopt.domain.validation import decode_struct
from tests.models.tiny import save_tiny
from tests.support.prunings import resolve_here


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "bert")


def faults(folder: Path, model: Path, **more: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        resolve_here(folder, model, **more)
    assert not (folder / "pruned").exists()
    return [str(fault) for fault in caught.value.faults]


def test_the_fixed_body_is_a_spec() -> None:
    body = (
        b'{"kind": "prune", "modelPath": "models/bert_fa_base", "outputPath": "models/pruned/bert_fa_base",'
        b' "config": {"method": "magnitude", "sparsity": 0.5, "structured": false, "gradual": true}}'
    )
    spec = msgspec.json.decode(body, type=JobSpec)
    assert isinstance(spec, PruneSpec)
    assert (spec.config.method, spec.config.sparsity, spec.config.gradual) == ("magnitude", 0.5, True)
    assert decode_struct(body.replace(b'"kind": "prune", ', b""), PruneSpec) == spec
    assert msgspec.json.decode(msgspec.json.encode(spec), type=JobSpec) == spec


@pytest.mark.parametrize("sparsity", [-0.1, 1, 1.5])
def test_a_sparsity_outside_its_range_is_told(sparsity: float) -> None:
    with pytest.raises(InputError, match=rf"config.sparsity: expected a .* got {sparsity}"):
        decode_struct({"config": {"sparsity": sparsity}}, PruneSpec)


def test_what_is_left_open_is_filled_in(tmp_path: Path, model: Path) -> None:
    spec = resolve_here(tmp_path, model)
    assert (spec.config.scope, spec.config.sparsity) == ("tensor", 0.5)
    assert resolve_here(tmp_path, model, pattern="1:4").config.sparsity == 0.75


def test_all_faults_come_at_once(tmp_path: Path, model: Path) -> None:
    told = faults(
        tmp_path,
        model,
        method="magnitud",
        include=["nothing.*"],
        ratios=StructuredRatios(heads=0.5),
        pattern="1:4",
        sparsity=0.5,
        scope="global",
        spec={"output_path": str(model)},
    )
    begun = [
        "config.method: no pruning method of that name, got 'magnitud'",
        "config.ratios: is for whole units, got {'heads': 0.5, 'feedForward': 0.0, 'hidden': 0.0, 'layers': 0.0}",
        "config.sparsity: the pattern 1:4 gives sparsity 0.75, got 0.5",
        "config.scope: a pattern compares weights within their groups, got 'global'",
        "config.include[0]: 'nothing.*' matches no weight of the model",
        "outputPath: lies inside",
    ]
    for start in begun:
        assert any(line.startswith(start) for line in told), start


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"method": "wanda"}, "datasetPath: is missing: method 'wanda' gathers activations on data"),
        ({"method": "gradient"}, "datasetPath: is missing: method 'gradient' gathers gradients on data"),
        ({"method": "wanda", "scope": "global"}, "config.scope: 'wanda' compares weights within an output row only"),
        ({"method": "movement"}, "datasetPath: is missing: method 'movement' gathers movement on data"),
        ({"method": "lottery-ticket"}, "datasetPath: is missing: method 'lottery-ticket' gathers initial-weights"),
        ({"spec": {"training": PruneTraining(distill=True)}}, "datasetPath: is missing: `training` was given"),
        ({"spec": {"dataset_path": "d.csv"}}, "datasetPath: no data set 'd.csv'"),
        ({"method_options": {"norm": "l3"}}, "config.methodOptions.norm: expected 'l1' or 'l2', got 'l3'"),
        ({"pattern": "4:2"}, "config.pattern: expected N:M that keeps fewer than M weights, got '4:2'"),
        ({"pattern": "3:5"}, "config.pattern: encoder.layer.0."),
        ({"spec": {"output_path": " "}}, "outputPath: is empty"),
        ({"spec": {"model_path": "none/such"}}, "modelPath: no model 'none/such'"),
    ],
)
def test_each_fault_names_field_and_remedy(tmp_path: Path, model: Path, more: dict[str, Any], told: str) -> None:
    assert any(line.startswith(told) for line in faults(tmp_path, model, **more))


def change_config(model: Path, target: Path, **fields: Any) -> Path:
    shutil.copytree(model, target)
    config = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps(config | fields))
    return target


def test_quantized_and_sparsely_encoded_models_are_refused(tmp_path: Path, model: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    quantized = change_config(model, tmp_path / "q", quantization_config={"quant_method": "bitsandbytes"})
    assert "is quantized or compressed: its config.json has `quantization_config`" in faults(tmp_path, quantized)[0]
    for name, part, kind, words in (
        ("s", "bitmask", torch.uint8, "is sparsely encoded"),
        ("i", "weight", torch.int8, "is of type I8"),
    ):
        changed = change_config(model, tmp_path / name)
        tensors = load_file(changed / "model.safetensors")
        tensors[f"encoder.layer.0.x.{part}"] = torch.zeros(2, 2, dtype=kind)
        save_file(tensors, changed / "model.safetensors", {"format": "pt"})
        assert words in faults(tmp_path, changed)[0]


def test_a_model_without_a_tokenizer_is_pruned_unless_data_are_needed(tmp_path: Path, model: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(model / name, bare / name)
    assert resolve_here(tmp_path, bare).model_path == str(bare)
    assert any("has no tokenizer" in line for line in faults(tmp_path, bare, method="wanda"))


def test_an_output_that_holds_something_is_refused(tmp_path: Path, model: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    (told,) = faults(tmp_path, model, spec={"output_path": str(tmp_path / "full")})
    assert told.startswith("outputPath: ")
    assert "must be new or empty" in told
