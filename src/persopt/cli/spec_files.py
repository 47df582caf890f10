"""Reading a search space or a whole spec from a JSON, TOML or YAML file."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.domain.errors import InputError

__all__ = ("read_mapping",)

_KINDS: Final = {".json": "JSON", ".toml": "TOML", ".yaml": "YAML", ".yml": "YAML"}


def read_mapping(given: str, switch: str) -> dict[str, Any]:
    """Read a file whose content is one mapping.

    Args:
        given: Path of a `.json`, `.toml`, `.yaml` or `.yml` file, or `-` for JSON or YAML on standard input.
        switch: The option that named it, for the messages.

    Raises:
        InputError: if it cannot be read, is of another kind, is not valid, or holds no mapping.
    """
    kind = "YAML" if given == "-" else _KINDS.get(Path(given).suffix.lower())
    if kind is None:
        raise InputError(
            f"expected a file that ends in {', '.join(_KINDS)}, or - for standard input, got {given!r}", path=switch
        )
    text = _read_text(given, switch)
    try:
        value = _DECODERS[kind](text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{given!r} is not valid {kind}: {_one_line(error)}", path=switch) from None
    if value is None:
        raise InputError(f"{given!r} is empty; expected a mapping of names", path=switch)
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise InputError(f"{given!r} must hold a mapping of names, got {type(value).__name__}", path=switch)
    return value


def _read_text(given: str, switch: str) -> str:
    try:
        content = sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{given!r} is not UTF-8: byte {error.start} is {error.object[error.start]:#04x}",
            path=switch,
            hint="save it as UTF-8",
        ) from None
    except OSError as error:
        raise InputError(f"{given!r} cannot be read: {error.strerror}", path=switch) from None


def _construct_int(loader: Any, node: Any) -> int:
    return int(loader.construct_scalar(node))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _decode_yaml(text: str) -> Any:
    """Decode YAML as version 1.2 means it: `1e-5` is a number, `no` and `on` are words, `012` is twelve."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, Any] = {}

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            names = [self.construct_object(name, deep=True) for name, _ in node.value]
            for index, name in enumerate(names):
                if name in names[:index]:
                    raise yaml.constructor.ConstructorError(None, None, f"{name!r} is given twice", node.start_mark)
            return super().construct_mapping(node, deep=deep)

    for tag, pattern, first in (
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("int", r"[-+]?[0-9]+", "-+0123456789"),
        ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+0123456789."),
    ):
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), list(first))
    Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader with the core schema of YAML 1.2
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


_DECODERS: Final[dict[str, Callable[[str], Any]]] = {
    "JSON": msgspec.json.decode,
    "TOML": tomllib.loads,
    "YAML": _decode_yaml,
}
