"""Ranges from calibration data, against ONNX Runtime's own and by trying all."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.calibrate import EntropyCalibrater, MinMaxCalibrater, PercentileCalibrater

from persopt.domain.errors import DataError
from persopt.plugins import QuantizationRequest
from persopt_onnxruntime.calibration import find_ranges, sum_squares

WEIGHT = np.linspace(-1, 2, 12, dtype=np.float32).reshape(4, 3)


class Reader:
    """Batches as ONNX Runtime reads them."""

    def __init__(self, batches: list[Mapping[str, Any]]) -> None:
        self.left = iter(batches)

    def get_next(self) -> Mapping[str, Any] | None:
        return next(self.left, None)


@pytest.fixture
def model() -> onnx.ModelProto:
    """A product whose result is looked at: `y = x w`."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None]) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], "product")],
        "g",
        values[:1],
        values[1:],
        [numpy_helper.from_array(WEIGHT, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def data() -> list[Mapping[str, Any]]:
    chance = np.random.default_rng(2)
    return [{"x": chance.standard_normal((rows, 4)).astype(np.float32), "more": 1} for rows in (300, 200, 200)]


def request(**fields: Any) -> QuantizationRequest:
    return QuantizationRequest(model="", output="", method="static", bits=8, **fields)


def test_extremes_are_as_onnx_runtime_finds_them(model: onnx.ModelProto, data: Any, tmp_path: Path) -> None:
    found = find_ranges(model, ["y"], data, request())
    assert found["y"] == pytest.approx(_theirs(MinMaxCalibrater, model, data, tmp_path))
    products = np.concatenate([batch["x"] @ WEIGHT for batch in data])
    assert found["y"] == pytest.approx((products.min(), products.max()))


@pytest.mark.parametrize(
    ("ranges", "calibrater", "settings"),
    [
        ("percentile", PercentileCalibrater, {"num_bins": 2048, "percentile": 99.0}),
        ("entropy", EntropyCalibrater, {"num_bins": 512, "num_quantized_bins": 128}),
    ],
)
def test_histograms_batch_by_batch_give_what_onnx_runtime_finds_on_all_at_once(
    ranges: Literal["percentile", "entropy"],
    calibrater: Any,
    settings: dict[str, Any],
    model: onnx.ModelProto,
    data: list[Any],
    tmp_path: Path,
) -> None:
    first = [max(data, key=lambda batch: float(np.abs(batch["x"] @ WEIGHT).max()))]  # the bins are those of the first
    rest = [batch for batch in data if batch is not first[0]]
    whole = [{"x": np.concatenate([batch["x"] for batch in data])}]
    found = find_ranges(model, ["y"], first + rest, request(ranges=ranges, percentile=99.0))
    assert found["y"] == pytest.approx(_theirs(calibrater, model, whole, tmp_path, **settings), abs=1e-6)
    low, high = find_ranges(model, ["y"], data, request())["y"]
    assert ranges == "entropy" or found["y"][1] < high
    assert low <= found["y"][0] < 0 < found["y"][1] <= high


@pytest.mark.parametrize("symmetric", [True, False])
def test_least_squares_is_the_best_of_all_shrunken_ranges(model: onnx.ModelProto, symmetric: bool) -> None:
    chance = np.random.default_rng(0)
    x = chance.standard_normal((20_000, 4)).astype(np.float32)
    x[0] *= 20  # an outlier that is not worth its bins
    fields = {"ranges": "mse", "activation_symmetric": symmetric}
    low, high = find_ranges(model, ["y"], [{"x": x}], request(**fields))["y"]
    values = (x @ WEIGHT).reshape(-1).astype(np.float64)
    levels, shrinks = (254, np.linspace(1, 0.2, 41)) if symmetric else (255, np.linspace(1, 0.2, 11))
    start, stop = (-np.abs(values).max(), np.abs(values).max()) if symmetric else (values.min(), values.max())
    pairs = [(one, one) for one in shrinks] if symmetric else [(one, other) for one in shrinks for other in shrinks]
    errors = [_squared_error(values, start * one, stop * other, levels) for one, other in pairs]
    found = _squared_error(values, low, high, levels)
    assert found <= min(errors) * 1.02
    assert found < 0.9 * errors[0], "cutting the outlier pays"


def test_squares_are_summed_over_batches(model: onnx.ModelProto, data: Any) -> None:
    x = np.concatenate([batch["x"] for batch in data])
    np.testing.assert_allclose(sum_squares(model, ["x"], data, request())["x"], x.T @ x, rtol=1e-4)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "no calibration data"),
        ([{"other": np.zeros((1, 4), np.float32)}], "lack x"),
        ([{"x": np.zeros((1, 4), np.float32)}, {"x": np.full((1, 4), np.nan, np.float32)}], r"not finite .*\(batch 2"),
    ],
)
def test_data_that_do_not_do(batches: Any, message: str, model: onnx.ModelProto) -> None:
    with pytest.raises(DataError, match=message):
        find_ranges(model, ["y"], batches, request())


def _theirs(
    calibrater: Any, model: onnx.ModelProto, batches: list[Any], folder: Path, **settings: Any
) -> tuple[float, float]:
    onnx.save(model, folder / "model.onnx")
    theirs = calibrater(str(folder / "model.onnx"), None, str(folder / "augmented.onnx"), **settings)
    theirs.augment_graph()
    theirs.create_inference_session()
    with contextlib.redirect_stdout(io.StringIO()):
        theirs.collect_data(Reader([{"x": batch["x"]} for batch in batches]))
        low, high = theirs.compute_data()["y"].range_value
    return float(np.squeeze(low)), float(np.squeeze(high))


def _squared_error(values: np.ndarray[Any, Any], start: float, stop: float, levels: int) -> float:
    step = (stop - start) / levels
    rounded = np.clip(np.round(values / step), round(start / step), round(stop / step)) * step
    return float(((values - rounded) ** 2).sum())
