"""Reports of comparisons that nobody ran, with everything in them that a report can show."""

from __future__ import annotations

from typing import Final

import msgspec

from persopt.comparison.results import state_verdicts
from persopt.domain.compare_reports import (
    ComparedModel,
    ComparedSlice,
    CompareReport,
    Discordance,
    MetricChange,
    ModelPair,
    ShapeSpeedup,
)
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.measurements import Estimate, MemoryUse, OutputError, SpeedMeasurement

__all__ = ("EVIL", "SHAPES", "make_comparison")

EVIL: Final = "<script>alert(1)</script>\"'&|`[x](http://x.example)_*"
SHAPES: Final = ((1, 32), (1, 128), (16, 32), (16, 128))
_SPEED: Final = (1.0, 2.8, 0.83)  # of the models, times that of the first
_SIZE: Final = (438_012_345, 110_204_817, 219_871_002)
_LABELS: Final = ("bert-fa-base", "bert-fa-int8", "برت نیمه‌هرس‌شده")


def make_comparison(
    labels: tuple[str, ...] = _LABELS, *, unjudged: tuple[int, ...] = (), labelled: bool = True, name: str = "دیدگاه‌ها"
) -> CompareReport:
    """Return a comparison of models.

    Args:
        labels: Of the models, at most three.
        unjudged: Places of models without quality.
        labelled: Whether the rows have labels.
        name: Of the comparison.
    """
    models = [_model(place, label, judged=labelled and place not in unjudged) for place, label in enumerate(labels)]
    report = CompareReport(
        models=models,
        pairs=[_pair(place, models) for place in range(1, len(models))],
        slices=_slices(len(models)) if labelled else [],
        differences=73,
        task="text-classification",
        metric="accuracy" if labelled else None,
        rows=1234,
        has_labels=labelled,
        classes=["منفی", "مثبت"],
        threads=2,
        notes={"en": ["A note in English."], "fa": ["نکته‌ای به فارسی."]},
        environment={
            "seed": 7,
            "python": "3.12.1",
            "platform": "Linux",
            "cpu": {"model": "A processor", "usableCores": 2, "logicalCores": 4},
            "memoryBytes": 8 * 2**30,
            "versions": {"persopt": "0.1", "torch": "2.13.0"},
            "modelHash": "0123456789abcdef",
        },
        seconds=93.5,
        spec=CompareSpec(
            name=name,
            model_paths=[model.path for model in models],
            labels=list(labels),
            dataset_path="/home/somebody/private/reviews.csv",
            report_language="fa",
        ),
        job_id="j-1",
    )
    return state_verdicts(report)


def _model(place: int, label: str, *, judged: bool) -> ComparedModel:
    fall = (0.0, 0.004, 0.031)[place]
    quality = {
        "accuracy": Estimate(value=0.9117 - fall, low=0.8951 - fall, high=0.9263 - fall),
        "f1": Estimate(value=0.9043 - fall, low=0.8862 - fall, high=0.9201 - fall),
        "loss": Estimate(value=0.2314 + fall, low=0.2019 + fall, high=0.2633 + fall),
    }
    return ComparedModel(
        label=label,
        path=f"/srv/models/{'a-rather-long-folder/' * 6}{place}-{label}",
        format="safetensors" if place != 1 else "onnx",
        weight_bytes=_SIZE[place],
        total_bytes=_SIZE[place] + 1_234_567,
        parameters=None if place == 1 else 109_482_240 - place,
        memory=MemoryUse(peak=1_203_100_000 - place, base=310_220_000 + place, load_seconds=1.37 + place),
        speed=[
            SpeedMeasurement(
                batch=batch,
                length=length,
                p50=batch * length * 0.0813 / _SPEED[place],
                p95=batch * length * 0.0917 / _SPEED[place],
                p99=batch * length * 0.1231 / _SPEED[place],
                throughput=1000 / (length * 0.0813) * _SPEED[place],
                calls=412 + place,
            )
            for batch, length in SHAPES
        ],
        quality=quality if judged else {},
    )


def _pair(place: int, models: list[ComparedModel]) -> ModelPair:
    ratio = _SPEED[place]
    changes = {}
    for name in models[0].quality if models[place].quality else ():
        change = models[place].quality[name].value - models[0].quality[name].value
        estimate = Estimate(value=change, low=change - 0.0151, high=change + 0.0149)
        changes[name] = MetricChange(
            change=estimate,
            test="mcnemar" if name == "accuracy" else "bootstrap",
            p_value=0.4123 if place == 1 else 0.00231,
            adjusted_p=0.4456 if place == 1 else 0.00462,
            rows_needed=24_117 if place == 1 else 816,
        )
    return ModelPair(
        label=models[place].label,
        size_ratio=models[0].weight_bytes / models[place].weight_bytes,
        memory_ratio=1.731,
        load_ratio=0.8714,
        speedups=[
            ShapeSpeedup(
                batch=batch,
                length=length,
                speedup=Estimate(value=ratio + at / 10, low=ratio + at / 10 - 0.07, high=ratio + at / 10 + 0.08),
            )
            for at, (batch, length) in enumerate(SHAPES)
        ],
        speedup=Estimate(value=ratio + 0.151, low=ratio + 0.101, high=ratio + 0.203),
        changes=changes,
        agreement=0.9587,
        discordance=Discordance(both=1101, only_baseline=31, only_model=26, neither=76) if changes else None,
        outputs=OutputError(largest=0.8125, mean=0.0714, cosine=0.99714, rows=256),
    )


def _slices(models: int) -> list[ComparedSlice]:
    def judge(value: float) -> list[Estimate]:
        return [
            Estimate(value=value - at / 50, low=value - at / 50 - 0.03, high=value - at / 50 + 0.028)
            for at in range(models)
        ]

    def change(value: float) -> MetricChange:
        estimate = Estimate(value=-value, low=-value - 0.02, high=-value + 0.02)
        return MetricChange(change=estimate, test="mcnemar", p_value=0.0123, adjusted_p=0.0738, rows_needed=1922)

    kinds = (
        ComparedSlice(column="منبع", value="دیجی‌کالا", rows=611, quality=[], changes=[]),
        ComparedSlice(column="source", value="snappfood", rows=402, quality=[], changes=[]),
        ComparedSlice(column="source", rest=True, rows=221, quality=[], changes=[]),
        ComparedSlice(column=None, low=3, high=17, rows=423, quality=[], changes=[]),
        ComparedSlice(column=None, low=18, high=128, rows=811, quality=[], changes=[]),
    )
    return [
        msgspec.structs.replace(
            kind, quality=judge(0.93 - at / 100), changes=[change(0.011 * (place + at)) for place in range(1, models)]
        )
        for at, kind in enumerate(kinds)
    ]
