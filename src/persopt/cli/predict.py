"""`persopt predict`: what models say of a text."""

from __future__ import annotations

import click

from persopt.cli.errors import EXIT_FAILED, EXIT_SUCCESS
from persopt.cli.options import home_option, json_option, open_registry
from persopt.cli.output import open_console, print_json, print_table
from persopt.domain.predictions import ModelPrediction, PredictSpec
from persopt.domain.validation import decode_struct

__all__ = ("predict",)


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--text", required=True, help="What is classified, tagged word by word, or written on.")
@click.option("--text-pair", help="The second text, for models that classify pairs.")
@home_option
@json_option()
def predict(models: tuple[str, ...], text: str, text_pair: str | None, home: str | None, as_json: bool) -> int:
    """Try one to four models on a text: the likeliest classes, the tags of the words, or what they write.

    Each MODEL is a folder, a name in the workspace, a hub id, or the id of a job whose result is a model. The exit code
    is 1 if one of them could not answer.
    """
    from persopt.predicting.here import predict_here

    asked = {"models": list(models), "text": text, "textPair": text_pair}
    spec = decode_struct(asked, PredictSpec)
    settings, registry = open_registry(home)
    report = predict_here(spec, settings, registry)
    if as_json:
        print_json(report)
    else:
        rows = [(answer.model, said, share) for answer in report.predictions for said, share in _rows(answer)]
        print_table(open_console(), ("model", "says", "probability"), rows)
    return EXIT_FAILED if any(answer.fault for answer in report.predictions) else EXIT_SUCCESS


def _rows(answer: ModelPrediction) -> list[tuple[str, str]]:
    if answer.fault is not None:
        return [(f"cannot answer: {answer.fault}", "")]
    if answer.tokens:
        return [(" ".join(f"{item.token}/{item.label}" for item in answer.tokens), "")]
    if answer.labels:
        return [(item.label, f"{item.probability:.4f}") for item in answer.labels]
    return [(answer.text or "", "")]
