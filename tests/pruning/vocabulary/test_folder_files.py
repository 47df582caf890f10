from __future__ import annotations

import json
from pathlib import Path

from persopt.pruning.vocabulary.folder_files import copy_other_files


def test_what_stays_true_is_copied_and_the_rest_is_told(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    target.mkdir()
    kept = ["README.md", "chat_template.jinja", "special_tokens_map.json", "1_Pooling/config.json"]
    stale = ["pytorch_model.bin", "optimizer.pt", "source.spm", "vocab.bpe", "model.fp16.safetensors"]
    for name in [*kept, *stale, "config.json", ".git/HEAD", "onnx/model.onnx", "checkpoint-5/config.json"]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(json.dumps({"name": name} | ({"model_type": "bert"} if "check" in name else {})))
    left_out = copy_other_files(source, target, {"config.json"})
    assert sorted(left_out) == sorted([*stale, "onnx", "checkpoint-5"])
    assert all(left_out.values())
    assert {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()} == set(kept)
