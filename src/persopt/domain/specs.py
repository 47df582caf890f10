"""What a user asks for: one Struct a kind of job, the same for Python, command line, HTTP and studio."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Struct

from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.early_stopping import EarlyStopping
from persopt.domain.languages import Language
from persopt.domain.objectives import Constraint, Objective
from persopt.domain.programs import (
    DataSpec,
    MetricStrategy,
    ParserChoice,
    PositiveFloat,
    PositiveInt,
    TaskName,
    TrainingOptions,
)
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.domain.space import ParameterConfig, Params
from persopt.domain.warm_start import WarmStart

__all__ = ("JobSpec", "TuneSpec", "dataset_of", "model_of", "output_of")


class TuneSpec(
    Struct, frozen=True, kw_only=True, tag="tune", tag_field="kind", rename="camel", forbid_unknown_fields=True
):
    """Search the best hyperparameters of a training, and give back the best model trained with them."""

    name: Annotated[str, Meta(max_length=200, description="A name for people; need not be unique.")] = ""
    base_model_path: Annotated[
        str, Meta(description="The Transformers checkpoint: a folder, a name in the workspace, or a hub id.")
    ] = ""
    dataset_path: Annotated[
        str, Meta(description="The data set: a file, a folder, a name in the workspace, or a hub id.")
    ] = ""
    output_dir: Annotated[
        str | None, Meta(description="Folder for the best model; new or empty. By default it stays with the job.")
    ] = None
    config: Annotated[
        dict[str, ParameterConfig],
        Meta(description="The search space: for each hyperparameter a range, a list of choices, or one value."),
    ] = {}
    strategy: Annotated[str, Meta(description="Name of the sampling strategy.")] = "random"
    strategy_options: Annotated[dict[str, Any], Meta(description="Options of the strategy.")] = {}
    max_trials: Annotated[
        PositiveInt | None,
        Meta(description="Number of trials; by default 10, and for a finite strategy (grid) every point."),
    ] = None
    parallel: Annotated[int, Meta(ge=1, le=256, description="Trials that run at the same time.")] = 1
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Seed of the sampling, the splits and the training.")] = 0
    objectives: Annotated[
        list[Objective], Meta(description="What to reach; by default the task's own (accuracy, maximized).")
    ] = []
    constraints: Annotated[
        list[Constraint], Meta(description="Limits of metrics that the best trial has to keep, such as latency <= 20.")
    ] = []
    time_limit: Annotated[PositiveFloat | None, Meta(description="Seconds after which the study ends.")] = None
    trial_time_limit: Annotated[PositiveFloat | None, Meta(description="Seconds after which a trial is stopped.")] = (
        None
    )
    target_value: Annotated[
        float | None, Meta(description="Value of the first objective at which the study ends, once a trial has it.")
    ] = None
    early_stopping: Annotated[EarlyStopping, Meta(description="How bad trials are stopped early.")] = EarlyStopping()
    enqueue: Annotated[
        list[Params],
        Meta(description="Points to try first, such as known good ones; a parameter that is left out is sampled."),
    ] = []
    warm_start: Annotated[WarmStart | None, Meta(description="Begin with the good points of an earlier tuning.")] = None
    retries: Annotated[
        int, Meta(ge=0, le=10, description="How often a trial is run again that failed for a passing reason.")
    ] = 1
    task: Annotated[TaskName | None, Meta(description="The task; detected from the data by default.")] = None
    data: Annotated[DataSpec, Meta(description="How to read the data set.")] = DataSpec()
    training: Annotated[TrainingOptions, Meta(description="What is the same in every trial.")] = TrainingOptions()
    executor: Annotated[str, Meta(description="Name of the trial executor.")] = "local"
    executor_options: Annotated[dict[str, Any], Meta(description="Options of the executor.")] = {}
    function: Annotated[
        str | None,
        Meta(description="A Python function to tune instead of a training: `package.module:function`."),
    ] = None
    function_path: Annotated[
        list[str], Meta(description="Folders in which the function's module is looked for; by default the current one.")
    ] = []
    command: Annotated[
        str | None,
        Meta(
            description="A program to tune instead of a training, such as `python train.py --lr {learningRate}`; "
            "no shell reads it."
        ),
    ] = None
    working_directory: Annotated[
        str | None, Meta(description="Folder in which the command runs; by default the current one.")
    ] = None
    parsers: Annotated[
        list[str | ParserChoice],
        Meta(description="What reads the command's output, in this order; by default every built-in parser."),
    ] = []
    metric_strategy: Annotated[
        MetricStrategy, Meta(description="Which value of an objective in the command's output counts.")
    ] = "last"
    log_limit: Annotated[
        int, Meta(ge=1000, description="Most bytes of a trial's output that its log keeps, for a command.")
    ] = 50_000_000
    parameters_in_environment: Annotated[
        bool,
        Meta(description="The command's program reads parameters that the command does not name from PERSOPT_PARAM_*."),
    ] = False
    report_language: Annotated[Language, Meta(description="Language of the HTML report and of the plots.")] = "en"

    @property
    def trains_model(self) -> bool:
        """Whether a trial is persopt's own training, not a function or a command."""
        return self.function is None and self.command is None


JobSpec: TypeAlias = TuneSpec | PruneSpec | QuantizeSpec | CompareSpec | CompressSpec


def model_of(spec: JobSpec) -> str:
    """Return the model that a job reads, of several the first; empty if it reads none."""
    if isinstance(spec, CompareSpec):
        return spec.model_paths[0] if spec.model_paths else ""
    return spec.base_model_path if isinstance(spec, TuneSpec) else spec.model_path


def dataset_of(spec: JobSpec) -> str:
    """Return the data set that a job reads; empty if it reads none."""
    return spec.dataset_path


def output_of(spec: JobSpec) -> tuple[str, str | None]:
    """Return the JSON path of the field that names a job's output folder, and the folder, if one is named."""
    if isinstance(spec, CompareSpec):
        return "$", None  # what it writes lies in the job's own folder
    return ("$.outputDir", spec.output_dir) if isinstance(spec, TuneSpec) else ("$.outputPath", spec.output_path)
