"""Whether a model can be trimmed and cut at all, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from persopt.compression.space import Shapes, find_shapes
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import PersoptError
from persopt.domain.programs import TaskName
from persopt.domain.vocabularies import VocabularyOptions

__all__ = ("explain_untrimmed", "find_fitting_shapes")

_UNTRIMMED: Final[Mapping[TaskName, str]] = MappingProxyType(
    {
        "causal-language-modeling": "a model that writes on may need tokens that no text of the data has",
        "image-classification": "a model of images has no vocabulary",
    }
)


def explain_untrimmed(spec: CompressSpec, workspace: Path) -> str:
    """Return why the vocabulary of a model cannot be trimmed; empty if it can.

    Args:
        spec: Resolved, with its task.
        workspace: Nothing is written into it.
    """
    from persopt.pruning.vocabulary import check_trimming

    if spec.task is not None and spec.task in _UNTRIMMED:
        return _UNTRIMMED[spec.task]
    try:
        check_trimming(spec.model_path, workspace / ".untrimmed", VocabularyOptions())
    except PersoptError as error:
        return str(error)
    return ""


def find_fitting_shapes(spec: CompressSpec) -> Shapes | str:
    """Return what can be cut of a model, or why nothing can.

    Args:
        spec: Resolved.
    """
    try:
        return find_shapes(Path(spec.model_path))
    except PersoptError as error:
        return str(error)
