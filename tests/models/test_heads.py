"""The table of heads, held against the installed Transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from persopt.domain.errors import ModelError
from persopt.domain.programs import TaskName
from persopt.models.description import check_model, is_decoder
from persopt.models.heads import HEADS, explain_misfit
from persopt.models.loading import load_for_task
from tests.models.tiny import save_tiny
from tests.support.tiny_tasks import make_image_model, make_language_model, make_writer


def test_every_head_is_a_class_of_transformers() -> None:
    import transformers

    assert all(hasattr(transformers, head.auto_class) for head in HEADS.values())


def test_encoders_that_would_look_ahead_are_known() -> None:
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING, model_type_to_module_name
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    decoders = ("gpt_neox", "gpt_neox_japanese", "reformer", "trocr")  # whatever they say
    models = Path(transformers.__file__).parent / "models"
    found = 0
    for kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        sources = (models / model_type_to_module_name(kind)).glob("configuration_*.py")
        if not any("is_decoder" in file.read_text("utf-8") for file in sources):
            continue
        config = CONFIG_MAPPING[kind]
        may_be_either = getattr(config, "is_decoder", None) is False
        if may_be_either and not getattr(config, "is_encoder_decoder", False) and kind not in decoders:
            found += 1
            assert explain_misfit({"model_type": kind}, "causal-language-modeling"), kind
            assert not explain_misfit({"model_type": kind, "is_decoder": True}, "causal-language-modeling"), kind
    assert found


def test_writers_are_known_from_what_they_save(tmp_path: Path) -> None:
    for kind in ("t5", "marian"):
        assert check_model(make_writer(tmp_path / kind, ["a"], kind), task="translation").model_type == kind


@pytest.mark.parametrize(
    ("kind", "task", "message"),
    [
        ("bert", "causal-language-modeling", "'bert' is an encoder"),
        ("t5", "causal-language-modeling", "'t5' is an encoder-decoder"),
        ("gpt2", "translation", "'gpt2' is no encoder-decoder"),
        ("bert", "summarization", "'bert' is no encoder-decoder"),
        ("bert", "image-classification", "has no image processor"),
        ("vit", "text-classification", "has no tokenizer"),
    ],
)
def test_a_model_of_another_kind_is_refused_before_anything_runs(
    tmp_path: Path, kind: str, task: TaskName, message: str
) -> None:
    makers: dict[str, Any] = {
        "bert": save_tiny,
        "t5": lambda folder: make_writer(folder, ["a"]),
        "gpt2": lambda folder: make_language_model(folder, ["a"]),
        "vit": make_image_model,
    }
    folder = makers[kind](tmp_path / kind)

    with pytest.raises(ModelError, match=message) as caught:
        check_model(folder, task=task)
    assert caught.value.faults[0].path == "$.baseModelPath"


def test_a_language_model_needs_its_head(tmp_path: Path) -> None:
    folder = make_language_model(tmp_path / "whole", ["a"], "llama")
    assert is_decoder(folder)
    assert not is_decoder(tmp_path)
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(folder).model.save_pretrained(tmp_path / "body")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "body" / name).write_bytes((folder / name).read_bytes())

    with pytest.raises(ModelError, match=r"lm_head\.weight is missing"):
        load_for_task(tmp_path / "body", "causal-language-modeling", [])
