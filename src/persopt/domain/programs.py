"""What a trial runs: a training of a model, a Python function, or any program.

A program is plain data, so that it can travel to a worker in another process or on another machine.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

from persopt.domain.objectives import Objective

__all__ = (
    "CommandProgram",
    "DataSpec",
    "FunctionProgram",
    "MeasuredMetric",
    "MetricStrategy",
    "ParserChoice",
    "PositiveFloat",
    "PositiveInt",
    "Program",
    "TaskName",
    "TrainingOptions",
    "TrainingProgram",
)

PositiveInt: TypeAlias = Annotated[int, Meta(ge=1)]
PositiveFloat: TypeAlias = Annotated[float, Meta(gt=0)]
MeasuredMetric = Literal["seconds", "latency", "size", "parameters"]
TaskName = Literal[
    "text-classification",
    "token-classification",
    "causal-language-modeling",
    "translation",
    "summarization",
    "image-classification",
]
MetricStrategy = Literal["last", "best"]


class DataSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """How to read the data set; what is not given is detected."""

    text_columns: Annotated[
        list[str],
        Meta(max_length=2, description="Column of the text or image, or two columns for pairs; detected by default."),
    ] = []
    label_column: Annotated[
        str | None,
        Meta(
            description="Column of the label, the tags, the translation or the summary; detected by default; where "
            "models are compared, empty if the rows have none."
        ),
    ] = None
    train_split: Annotated[str | None, Meta(description="Name of the split to train on.")] = None
    validation_split: Annotated[str | None, Meta(description="Name of the split that trials are judged on.")] = None
    test_split: Annotated[str | None, Meta(description="Name of the split kept for the end.")] = None
    validation_fraction: Annotated[
        float, Meta(gt=0, lt=1, description="Share of the rows made the validation split where there is none.")
    ] = 0.2
    max_train_rows: Annotated[
        PositiveInt | None, Meta(description="Use at most so many training rows (chosen by seed).")
    ] = None
    max_validation_rows: Annotated[PositiveInt | None, Meta(description="Use at most so many validation rows.")] = None
    max_length: Annotated[int, Meta(ge=2, description="Longest text in tokens; longer ones are cut.")] = 128
    max_target_length: Annotated[
        int, Meta(ge=2, description="Longest translation or summary to learn from, in tokens; longer ones are cut.")
    ] = 128
    source_prefix: Annotated[
        str, Meta(description="Put before each text to translate or summarize, such as `summarize: ` for T5.")
    ] = ""
    source_language: Annotated[
        str | None, Meta(description="Code of the source's language, for models of many, such as fa_IR for mBART.")
    ] = None
    target_language: Annotated[str | None, Meta(description="Code of the translation's language, likewise.")] = None
    columns: Annotated[list[str], Meta(description="Names of the columns, for files that have no header line.")] = []


class TrainingOptions(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """What is the same in every trial of a study."""

    max_steps: Annotated[PositiveInt | None, Meta(description="End each training after so many optimizer steps.")] = (
        None
    )
    evaluations: Annotated[
        PositiveInt | None,
        Meta(
            description="How often the validation split is evaluated in a training, the end included; by default once, "
            "and 9 times with early stopping or patience."
        ),
    ] = None
    patience: Annotated[
        PositiveInt | None,
        Meta(
            description="End a training after so many evaluations without a better first objective; its values and "
            "its model are then those of its best evaluation."
        ),
    ] = None
    evaluation_batch_size: Annotated[int, Meta(ge=1, description="Batch size of evaluations.")] = 64
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], Meta(description="Where to train.")] = "auto"
    adapter: Annotated[
        Literal["merge", "keep"],
        Meta(description="Save a LoRA adapter merged into the model, or by itself (where loraRank is above 0)."),
    ] = "merge"
    num_beams: Annotated[
        int, Meta(ge=1, le=64, description="Beams of the generation that translations and summaries are judged by.")
    ] = 1
    max_new_tokens: Annotated[int, Meta(ge=1, description="Longest generated translation or summary, in tokens.")] = 128
    measure: Annotated[
        list[MeasuredMetric],
        Meta(description="Also measure this of each trial; what objectives and constraints name always is."),
    ] = []


class TrainingProgram(Struct, frozen=True, kw_only=True, tag="training", tag_field="type", rename="camel"):
    """Train a copy of a model on a data set and evaluate it.

    Attributes:
        model: Path of the checkpoint's folder.
        dataset: Path of the data set's file or folder, or a hub id.
        task: The task; already detected.
        data: How the data set is read; columns and splits already detected.
        training: What is the same in every trial.
        cache: Folder of the tokenized data, shared by all trials and jobs of a workspace.
        seed: Seed of the splits and of the choice of rows (the same for every trial).
        objective: What `training.patience` watches.
    """

    model: str
    dataset: str
    task: TaskName
    data: DataSpec
    training: TrainingOptions
    cache: str
    seed: int = 0
    objective: Objective | None = None


class FunctionProgram(Struct, frozen=True, kw_only=True, tag="function", tag_field="type", rename="camel"):
    """Call a Python function with the trial's parameters.

    Attributes:
        function: `package.module:function`; called as `function(params, trial)`, where `trial` is a
            `persopt.plugins.FunctionTrial`; returns a mapping of metrics, or one number.
        path: Folders put before `sys.path` in the worker.
    """

    function: str
    path: list[str] = []


class ParserChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A metric parser and its options."""

    name: Annotated[str, Meta(min_length=1, description="Name of the metric parser.")]
    options: Annotated[dict[str, Any], Meta(description="Options of the parser.")] = {}


class CommandProgram(Struct, frozen=True, kw_only=True, tag="command", tag_field="type", rename="camel"):
    """Run a program and read its metrics from what it prints.

    Attributes:
        arguments: The command, split into words, its placeholders not yet replaced. No shell reads it.
        folder: The program's working directory; absolute.
        objectives: The metrics that must be in the output.
        constraints: Names of the metrics that are limited; must be in the output too.
        parsers: What reads the output; a line belongs to the first that makes something of it.
        metric_strategy: Whether an objective's value is the last in the output or the best.
        log_limit: Most bytes of one trial's output that its log keeps.
        block_plugins: Names of plugins that the worker does not load.
    """

    arguments: list[str]
    folder: str
    objectives: list[Objective]
    parsers: list[ParserChoice]
    constraints: list[str] = []
    metric_strategy: MetricStrategy = "last"
    log_limit: int = 50_000_000
    block_plugins: list[str] = []


Program: TypeAlias = TrainingProgram | FunctionProgram | CommandProgram
