"""What a job that comes over HTTP may name: paths inside the roots; programs only if the operator allows them."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from persopt.domain.errors import Fault, InputError, UnknownValueError
from persopt.domain.ids import ID_PATTERN
from persopt.domain.partial import UNKNOWN, require_known
from persopt.domain.specs import JobSpec
from persopt.server.path_guard import PathGuard

__all__ = ("CODE_FIELDS", "INPUT_FIELDS", "OUTPUT_FIELDS", "guard_spec")

INPUT_FIELDS: Final = {
    "base_model_path": "models",
    "model_path": "models",
    "model_paths": "models",
    "dataset_path": "datasets",
}
OUTPUT_FIELDS: Final = ("output_dir", "output_path")
CODE_FIELDS: Final = ("function", "function_path", "command", "working_directory")
_WARM_START: Final = "warm_start"


def guard_spec(spec: JobSpec, guard: PathGuard, *, allow_commands: bool) -> tuple[JobSpec, list[Fault]]:
    """Return a spec whose paths are absolute and inside the roots, and a fault for each that names what it must not.

    What is refused is `UNKNOWN` in the spec, so nothing can look there; so is what was malformed before.
    """
    changed: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in msgspec.structs.fields(type(spec)):
        value, path = getattr(spec, field.name), f"$.{field.encode_name}"
        try:
            if field.name in INPUT_FIELDS:
                changed[field.name], found = _check_inputs(guard, value, path, INPUT_FIELDS[field.name])
                faults += found
            elif field.name in OUTPUT_FIELDS and value is not None:
                changed[field.name] = guard.check_output(value, path)
            elif field.name in CODE_FIELDS and value and not allow_commands:
                changed[field.name] = UNKNOWN
                faults.append(_forbid_code(path))
            elif field.name == _WARM_START and value is not None:
                _check_job(value.job, f"{path}.job")
        except (InputError, UnknownValueError) as error:
            changed[field.name] = UNKNOWN
            faults += error.faults
    return msgspec.structs.replace(spec, **changed), faults


def _check_inputs(guard: PathGuard, value: Any, path: str, kind: str) -> tuple[Any, list[Fault]]:
    if isinstance(value, list):
        checked = [_check_inputs(guard, item, f"{path}[{index}]", kind) for index, item in enumerate(value)]
        return [item for item, _ in checked], [fault for _, faults in checked for fault in faults]
    try:
        return guard.check_input(value, path, kind), []
    except (InputError, UnknownValueError) as error:
        return UNKNOWN, list(error.faults)


def _check_job(given: str, path: str) -> None:
    require_known(given)
    if re.fullmatch(ID_PATTERN.replace("{20}", "{6,20}"), given) is None:
        message = f"expected a job's id, or 6 or more digits that it begins with, got {given[:80]!r}"
        raise InputError(Fault(path=path, message=message, code="forbidden"))


def _forbid_code(path: str) -> Fault:
    return Fault(
        path=path,
        message="jobs that come over HTTP may not run programs or functions of this machine",
        code="forbidden",
        hint="the operator allows it with PERSOPT_ALLOW_COMMANDS=1",
    )
