"""`persopt jobs report`, `export` and `download`: what a job has found as a file."""

from __future__ import annotations

import click

from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.output import print_json
from persopt.domain.languages import LANGUAGES, Language

__all__ = ("download_job", "export_job", "report_job")

_FORMATS = ("optuna", "csv", "json")


@click.command("report")
@click.argument("job_id", metavar="ID")
@click.option("--language", type=click.Choice(LANGUAGES), help="By default the one that the job was asked to have.")
@click.option("-o", "--output", metavar="FILE", required=True, help="The HTML file.")
@click.option("--overwrite", is_flag=True, help="Take the place of a file that exists.")
@home_option
@json_option("Print the file's path as one JSON object.")
def report_job(
    job_id: str, language: Language | None, output: str, overwrite: bool, home: str | None, as_json: bool
) -> None:
    """Write the HTML report of a job, in Persian or English, of a running one with what is known so far."""
    from persopt.api import write_report

    with open_runtime(home) as runtime:
        report = runtime.kernel.report(job_id)
    _tell(write_report(report, output, language=language, overwrite=overwrite), as_json=as_json)


@click.command("export")
@click.argument("job_id", metavar="ID")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(_FORMATS),
    help="optuna: an SQLite storage for Optuna and optuna-dashboard; csv: a row a trial; json: the whole report. "
    "By default what the file's ending means.",
)
@click.option("-o", "--output", metavar="FILE", required=True, help="The file: .db, .csv or .json.")
@click.option("--overwrite", is_flag=True, help="Take the place of a file that exists.")
@home_option
@json_option("Print the file's path as one JSON object.")
def export_job(
    job_id: str, file_format: str | None, output: str, overwrite: bool, home: str | None, as_json: bool
) -> None:
    """Write the trials of a job for other programs, of a running one those so far."""
    from persopt.api import export_study

    with open_runtime(home) as runtime:
        report = runtime.kernel.report(job_id)
    _tell(export_study(report, output, format=file_format, overwrite=overwrite), as_json=as_json)


@click.command("download")
@click.argument("job_id", metavar="ID")
@click.argument("file", metavar="FILE")
@click.option("--model", is_flag=True, help="The files of its model too.")
@click.option("--overwrite", is_flag=True, help="Take the place of a file that exists.")
@home_option
@json_option("Print the file's path as one JSON object.")
def download_job(job_id: str, file: str, model: bool, overwrite: bool, home: str | None, as_json: bool) -> None:
    """Write all results of a job into one zip: report, tables, plots, spec and log."""
    from persopt.api import download_results

    _tell(download_results(job_id, file, model=model, overwrite=overwrite, home=home), as_json=as_json)


def _tell(path: object, *, as_json: bool) -> None:
    if as_json:
        print_json({"path": str(path)})
    else:
        click.echo(str(path))
