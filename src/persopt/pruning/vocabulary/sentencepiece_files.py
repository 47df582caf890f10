"""SentencePiece's own model files, with fewer pieces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ("SENTENCEPIECE_FILES", "find_fixed_pieces", "load_processors", "trim_sentencepiece")

SENTENCEPIECE_FILES: Final = (
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spiece.model",
    "spm.model",
    "tokenizer.model",
)


def load_processors(folder: Path) -> dict[str, Any]:
    """Load the SentencePiece models in a folder, by name of their files; a file of another kind is passed over."""
    from sentencepiece import SentencePieceProcessor

    files = [folder / name for name in SENTENCEPIECE_FILES if (folder / name).is_file()]
    return {file.name: SentencePieceProcessor(model_file=str(file)) for file in files if _read(file) is not None}


def find_fixed_pieces(file: Path) -> set[str]:
    """Return the pieces of a model file that have to stay; none if it is no SentencePiece model.

    These are the control, unknown, byte and user-defined ones, which its numbering counts on, and the first normal
    one with the lowest score, from which the cost of an unknown character follows.
    """
    model = _read(file)
    if model is None:
        return set()
    fixed = {str(piece.piece) for piece in model.pieces if piece.type != piece.NORMAL}
    normal = [piece for piece in model.pieces if piece.type == piece.NORMAL]
    return fixed | ({str(min(normal, key=lambda piece: piece.score).piece)} if normal else set())


def trim_sentencepiece(source: Path, target: Path, tokens: Mapping[str, int], old: Mapping[str, int]) -> str:
    """Write a SentencePiece model with only the pieces that stay; return why it is not written, or nothing.

    Args:
        source: The file.
        target: The new file.
        tokens: New id of each token that stays; the fixed pieces are among them if they had an id.
        old: Old id of each token.
    """
    model = _read(source)
    if model is None:
        return "not a SentencePiece model, and no other kind of .model file is rewritten"
    before = _find_offset(model, old)
    kept = [piece for piece in model.pieces if piece.type != piece.NORMAL or piece.piece in tokens]
    del model.pieces[:]
    model.pieces.extend(kept)
    if before is None or _find_offset(model, tokens) != before:
        return "its pieces are not numbered like the tokens of tokenizer.json"
    model.trainer_spec.vocab_size = len(kept)
    model.DiscardUnknownFields()  # older versions keep a self-test there, of pieces that may be gone
    target.write_bytes(model.SerializeToString())
    return ""


def _read(file: Path) -> Any:
    """Return the model in a file; None if it is none."""
    from google.protobuf.message import DecodeError
    from sentencepiece import sentencepiece_model_pb2

    model: Any = sentencepiece_model_pb2.ModelProto()  # type: ignore[attr-defined]
    try:
        model.ParseFromString(file.read_bytes())
    except DecodeError:
        return None
    return model if len(model.pieces) else None


def _find_offset(model: Any, ids: Mapping[str, int]) -> int | None:
    """Return by how much the ids of the normal pieces exceed their places; None if it is not the same for all."""
    offsets = {
        ids[piece.piece] - place
        for place, piece in enumerate(model.pieces)
        if piece.type == piece.NORMAL and piece.piece in ids
    }
    return offsets.pop() if len(offsets) == 1 else None
