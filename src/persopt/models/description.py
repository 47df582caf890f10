"""What a checkpoint is, by config.json and the headers of its weights, and whether persopt can use it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import msgspec
import xxhash
from msgspec import Struct

from persopt.domain.errors import ModelError
from persopt.domain.programs import TaskName
from persopt.models.headers import find_weights, read_header
from persopt.models.heads import HEADS, explain_misfit

__all__ = (
    "ModelDescription",
    "check_model",
    "describe_model",
    "hash_model",
    "is_decoder",
    "list_processor_files",
    "read_config",
)

_PICKLES: Final = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "*.bin")
_FOREIGN: Final = {
    "tf_model.h5": "TensorFlow",
    "flax_model.msgpack": "Flax",
    "*.onnx": "ONNX",
    "*.gguf": "GGUF",
}
# Any one of these makes a tokenizer; the extras are read along with it.
_VOCABULARIES: Final = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "spm.model",
    "source.spm",
)
_EXTRAS: Final = ("merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "target.spm")
_IMAGE_PROCESSORS: Final = ("preprocessor_config.json", "processor_config.json")
_DECODERS: Final = ("ForCausalLM", "LMHeadModel")  # ends of the names of architectures
_INTEGERS: Final = ("BOOL", "I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64")
_POSITIONS: Final = ("max_position_embeddings", "n_positions")
# Families that count positions from the padding id + 1, and so take fewer tokens than they have positions.
_OFFSET_TYPES: Final = (
    "camembert",
    "data2vec-text",
    "esm",
    "ibert",
    "longformer",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
)


class ModelDescription(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a checkpoint is.

    Attributes:
        architecture: Class it was saved from, such as `BertForSequenceClassification`; empty if not told.
        model_type: Family by Transformers' name, such as `bert`.
        parameters: Number of weights; buffers of whole numbers are not counted.
        bytes: Size of the weights' files.
        weights: Names of the weights' files.
        dtypes: Safetensors names of the weights' types, sorted.
        has_tokenizer: Whether the folder holds a tokenizer.
        has_image_processor: Whether it holds the settings of an image processor.
        labels: Names of the classes in the order of their ids, if it was made for some.
        max_tokens: Longest input in tokens, if it is limited.
    """

    architecture: str
    model_type: str
    parameters: int
    bytes: int
    weights: list[str]
    dtypes: list[str]
    has_tokenizer: bool
    has_image_processor: bool = False
    labels: list[str] = []
    max_tokens: int | None = None


def describe_model(folder: Path, path: str = "") -> ModelDescription:
    """Describe the checkpoint in a folder, without loading a tensor.

    Raises:
        ModelError: if config.json or a header cannot be read.
    """
    config = read_config(folder, path)
    files = find_weights(folder, path)
    tensors = [tensor for file in files for tensor in read_header(file, path)]
    weights = [tensor for tensor in tensors if tensor.dtype not in _INTEGERS]
    architectures = config.get("architectures") or [""]
    return ModelDescription(
        architecture=str(architectures[0]),
        model_type=str(config.get("model_type", "")),
        parameters=sum(tensor.count for tensor in weights),
        bytes=sum(file.stat().st_size for file in files),
        weights=[file.name for file in files],
        dtypes=sorted({tensor.dtype for tensor in weights}),
        has_tokenizer=any((folder / name).is_file() for name in _VOCABULARIES),
        has_image_processor=any((folder / name).is_file() for name in _IMAGE_PROCESSORS),
        labels=_labels(config),
        max_tokens=_max_tokens(config),
    )


def check_model(
    folder: Path, path: str = "$.baseModelPath", task: TaskName | None = None, *, processor: bool = True
) -> ModelDescription:
    """Make sure, before anything is started, that persopt can load this checkpoint, and train it if it has a processor.

    Args:
        folder: The checkpoint.
        path: JSON path of the field, for errors.
        task: What it is to be trained for, if that is known.
        processor: Whether it needs a tokenizer or an image processor.

    Raises:
        ModelError: if config.json, the weights, the tokenizer or (for images) the image processor are missing, the
            weights are a pickle or are truncated, the model would need Python code that comes with it, or it is of
            another kind than the task needs.
    """
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).is_file() and "auto_map" in _read_json(folder / name, path):
            raise ModelError(
                f"{folder / name} has `auto_map`: the model runs Python code that comes with it, which "
                "persopt never does; use a checkpoint of an architecture that Transformers itself has",
                path=path,
            )
    description = describe_model(folder, path)
    if not description.model_type:
        raise ModelError(f"{folder / 'config.json'} names no `model_type`; expected one such as 'bert'", path=path)
    if not description.weights:
        raise ModelError(_explain_missing_weights(folder), path=path)
    if processor:
        _check_processor(folder, description, task, path)
    misfit = "" if task is None else explain_misfit(read_config(folder, path), task)
    if misfit:
        raise ModelError(misfit, path=path)
    return description


def _check_processor(folder: Path, description: ModelDescription, task: TaskName | None, path: str) -> None:
    if task is None and description.has_image_processor:
        return
    if task is not None and HEADS[task].processor == "image-processor":
        if not description.has_image_processor:
            raise ModelError(
                f"{folder} has no image processor (preprocessor_config.json), which {task} needs; save it there with "
                "`image_processor.save_pretrained(folder)`",
                path=path,
            )
    elif not description.has_tokenizer:
        raise ModelError(
            f"{folder} has no tokenizer (tokenizer.json or vocab.txt); save it there with "
            "`tokenizer.save_pretrained(folder)`",
            path=path,
        )


def is_decoder(folder: Path) -> bool:
    """Return whether a checkpoint was saved as a causal language model; False too if that cannot be told."""
    try:
        architectures = read_config(folder, "").get("architectures") or [""]
    except ModelError:
        return False
    return str(architectures[0]).endswith(_DECODERS)


def hash_model(folder: Path) -> str:
    """Return a hash of the contents of a checkpoint: configuration, weights, tokenizer or image processor.

    The same files in another folder give the same hash; other files (a README) do not count.
    """
    files = [folder / "config.json", *find_weights(folder), *list_processor_files(folder)]
    state = xxhash.xxh3_128()
    for file in files:
        if file.is_file():
            with file.open("rb") as stream:
                state.update(f"{file.name}\0{hashlib.file_digest(stream, xxhash.xxh3_128).hexdigest()}\0".encode())
    return str(state.hexdigest())


def list_processor_files(folder: Path) -> list[Path]:
    """Return the files of a folder that decide how its inputs are made, in a fixed order."""
    names = (*_VOCABULARIES, *_EXTRAS, *_IMAGE_PROCESSORS)
    return [folder / name for name in names if (folder / name).is_file()]


def read_config(folder: Path, path: str = "") -> dict[str, Any]:
    """Return the `config.json` of a checkpoint.

    Raises:
        ModelError: if it is not there, or not valid JSON.
    """
    file = folder / "config.json"
    if file.is_file():
        return _read_json(file, path)
    if (folder / "adapter_config.json").is_file():
        raise ModelError(f"{folder} is an adapter; merge it into its base model and save the whole", path=path)
    inner = sorted(item.parent for item in folder.glob("*/config.json") if find_weights(item.parent))
    hint = f"did you mean {inner[0]}?" if inner else "expected the folder that `save_pretrained` wrote"
    raise ModelError(f"{folder} has no config.json", path=path, hint=hint)


def _read_json(file: Path, path: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{file} is not valid JSON: {error}", path=path) from None


def _explain_missing_weights(folder: Path) -> str:
    if (folder / "adapter_config.json").is_file():
        return f"{folder} is an adapter; merge it into its base model and save the whole"
    pickles = sorted({file.name for pattern in _PICKLES for file in folder.glob(pattern)} - {"training_args.bin"})
    if pickles:
        return (
            f"{folder} has its weights only as a pickle ({pickles[0]}), which can run code when it is "
            "opened, so persopt never loads it; if you trust its source, convert it to safetensors once: "
            "`model = AutoModel.from_pretrained(folder)`, then `model.save_pretrained(folder)`"
        )
    foreign = [name for pattern, name in _FOREIGN.items() if list(folder.glob(pattern))]
    if foreign:
        return f"{folder} has its weights only for {foreign[0]}; expected model.safetensors"
    return f"{folder} has no weights; expected model.safetensors, or shards with model.safetensors.index.json"


def _labels(config: dict[str, Any]) -> list[str]:
    names = config.get("id2label")
    if not isinstance(names, dict):
        return []
    try:
        ordered = [str(names[key]) for key in sorted(names, key=int)]
    except ValueError:
        return []
    return [] if all(name == f"LABEL_{index}" for index, name in enumerate(ordered)) else ordered


def _max_tokens(config: dict[str, Any]) -> int | None:
    found = next((config[name] for name in _POSITIONS if isinstance(config.get(name), int)), None)
    if found is None or found <= 0:
        return None
    if config.get("model_type") in _OFFSET_TYPES:
        return int(found) - int(config.get("pad_token_id") or 0) - 1
    return int(found)
