"""What can be known of a command before any trial runs it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from persopt.domain.errors import Fault, PersoptError
from persopt.domain.programs import CommandProgram, ParserChoice
from persopt.domain.space import Space
from persopt.domain.specs import TuneSpec
from persopt.models.output_folder import check_output_folder
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.command_template import OWN_PLACEHOLDERS, find_template_faults, list_placeholders, split_command

__all__ = ("DEFAULT_PARSERS", "check_command_fields", "make_command_program", "resolve_command")

DEFAULT_PARSERS: Final = ("transformers-trainer", "json-lines", "keras", "lightning", "fastai", "plain")
"""What reads a command's output when nothing is said; the ones that know their lines best come first."""

_PYTHON: Final = re.compile(r"python[\d.]*")
_OWN_FIELDS: Final = ("working_directory", "parsers", "metric_strategy", "log_limit", "parameters_in_environment")


def check_command_fields(spec: TuneSpec) -> Iterator[Fault]:
    """Give a fault for each field that is of use only with a command, where there is none."""
    fields = {field.name: field for field in msgspec.structs.fields(TuneSpec)}
    if spec.command is not None:
        return
    for name in _OWN_FIELDS:
        given, default = getattr(spec, name), getattr(TuneSpec(), name)
        if given != default:
            yield Fault(path=f"$.{fields[name].encode_name}", message=f"is used only with a command, got {given!r}")


def resolve_command(spec: TuneSpec, space: Space | None, registry: Registry) -> tuple[TuneSpec, list[Fault]]:
    """Check the command of a spec and fill in what it leaves open.

    Args:
        spec: Its `command` is given.
        space: The space; None if it is at fault itself.
        registry: Knows the parsers.

    Returns:
        The spec with absolute paths and its parsers, and every fault: of fields that a command does not use, the
        working directory, the placeholders, the program, the parsers, objectives that are not there, the output folder.
    """
    folder = Path(spec.working_directory or ".").expanduser().absolute()
    output = None if spec.output_dir is None else Path(spec.output_dir).expanduser().absolute()
    choices = [ParserChoice(name=item) if isinstance(item, str) else item for item in spec.parsers or DEFAULT_PARSERS]
    faults = [*_check_unused(spec), *_check_folder(folder), *_check_words(spec, space, folder)]
    faults += _check_parsers(choices, registry)
    if not spec.objectives:
        message = "a command needs to be told which metric of its output counts, such as accuracy or loss"
        faults.append(Fault(path="$.objectives", message=message, code="missing"))
    if output is not None:
        faults += check_output_folder(output)
    resolved = msgspec.structs.replace(
        spec,
        working_directory=str(folder),
        output_dir=None if output is None else str(output),
        parsers=[*choices],
    )
    return resolved, faults


def make_command_program(spec: TuneSpec, settings: Settings) -> CommandProgram:
    """Return the program of a resolved spec."""
    return CommandProgram(
        arguments=split_command(spec.command or ""),
        folder=spec.working_directory or str(Path.cwd()),
        objectives=spec.objectives,
        constraints=[constraint.metric for constraint in spec.constraints],
        parsers=[ParserChoice(name=item) if isinstance(item, str) else item for item in spec.parsers],
        metric_strategy=spec.metric_strategy,
        log_limit=spec.log_limit,
        block_plugins=settings.block_plugins,
    )


def _check_unused(spec: TuneSpec) -> Iterator[Fault]:
    unused = {
        "$.baseModelPath": spec.base_model_path,
        "$.datasetPath": spec.dataset_path,
        "$.function": spec.function,
    }
    for path, given in unused.items():
        if given:
            yield Fault(path=path, message=f"is not used when a command is tuned, got {given!r}")


def _check_folder(folder: Path) -> Iterator[Fault]:
    if not folder.is_dir():
        yield Fault(path="$.workingDirectory", message=f"expected a folder, got {str(folder)!r}, which is none")


def _check_words(spec: TuneSpec, space: Space | None, folder: Path) -> Iterator[Fault]:
    try:
        words = split_command(spec.command or "")
    except PersoptError as error:
        yield from error.faults
        return
    if space is not None:
        params = [parameter.name for parameter in space.parameters]
        yield from find_template_faults(words, params)
        used = set(list_placeholders(words))
        yield from _check_parameters(params, used, in_environment=spec.parameters_in_environment)
    if folder.is_dir():
        yield from _check_program(words, folder)


def _check_parameters(params: list[str], used: set[str], *, in_environment: bool) -> Iterator[Fault]:
    for name in params:
        if name in OWN_PLACEHOLDERS:
            message = f"{{{name}}} in a command stands for the trial's own {name}; give the parameter another name"
            yield Fault(path=f"$.config.{name}", message=message)
        elif name not in used and not in_environment:
            yield Fault(
                path=f"$.config.{name}",
                message=f"is nowhere in the command; write {{{name}}} where its value belongs",
                hint=f"if the program reads PERSOPT_PARAM_{name} itself, say so with parametersInEnvironment",
            )


def _check_program(words: list[str], folder: Path) -> Iterator[Fault]:
    program = sys.executable if words[0] == "{python}" else words[0]
    if "{" in program:
        return  # each trial has its own
    place = str(folder / program) if os.sep in program else program
    if shutil.which(place) is None:
        hint = f"{{python}} stands for persopt's own Python, {sys.executable}" if _PYTHON.fullmatch(program) else ""
        where = f"at {place}" if os.sep in program else "among the folders of PATH"
        message = f"no program {program!r} {where} that can be run"
        yield Fault(path="$.command", message=message, code="not-found", hint=hint)
    elif _PYTHON.fullmatch(Path(program).name) and len(words) > 1 and words[1].endswith(".py") and "{" not in words[1]:
        script = folder / words[1]
        if not script.is_file():
            yield Fault(path="$.command", message=f"there is no script {str(script)!r}", code="not-found")


def _check_parsers(choices: list[ParserChoice], registry: Registry) -> Iterator[Fault]:
    for index, choice in enumerate(choices):
        path = f"$.parsers[{index}]"
        try:
            decode_options(registry.metric_parser(choice.name, f"{path}.name"), choice.options, f"{path}.options")
        except PersoptError as error:
            yield from error.faults
