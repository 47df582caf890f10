from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.domain.errors import ModelError
from persopt.plugins.contracts.quantization import CalibrationRanges
from persopt.quantization.ranges import Histogram, MinMax, find_observer
from persopt.quantization.schemes import Scheme, fake_quantize, parameters_of_range

ASYMMETRIC = Scheme(bits=8, symmetric=False, granularity="tensor")
SYMMETRIC = Scheme(bits=8, symmetric=True, granularity="tensor")
batches = st.lists(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=20), min_size=1, max_size=5)


def make_outliers() -> torch.Tensor:
    values = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    values[:3] = torch.tensor([80.0, -30.0, 50.0])
    return values


@settings(max_examples=15, deadline=None)
@given(rows=batches)
def test_every_value_is_counted_in_its_bin_whatever_came_before(rows: list[list[float]]) -> None:
    histogram = Histogram()
    for row in rows:
        histogram.observe(torch.tensor(row))
    values = torch.tensor([value for row in rows for value in row], dtype=torch.float32).double().numpy()
    edges = (np.arange(len(histogram.counts) + 1) + histogram.first) * histogram.width
    expected = [((values >= low) & (values < high)).sum() for low, high in pairwise(edges)]
    assert histogram.counts.tolist() == expected
    assert sum(expected) == len(values)


@pytest.mark.parametrize("percentile", [90.0, 99.0, 99.9, 100.0])
def test_percentiles_are_those_of_numpy_to_a_bin(percentile: float) -> None:
    values = make_outliers()
    observer = find_observer("percentile", percentile)
    for part in values.view(8, -1):
        observer.observe(part)
    assert isinstance(observer, Histogram)
    low, high = observer.find(ASYMMETRIC)
    outside = (100 - percentile) / 2
    expected = np.percentile(values.numpy(), [outside, 100 - outside], method="inverted_cdf")
    assert low == pytest.approx(expected[0], abs=observer.width)
    assert high == pytest.approx(expected[1], abs=observer.width)


def test_min_max_is_the_least_and_the_greatest_of_all_batches() -> None:
    observer = MinMax()
    for part in ([1.0, 2.0], [-3.0], [0.5]):
        observer.observe(torch.tensor(part))
    assert observer.find(ASYMMETRIC) == (-3.0, 2.0)


@pytest.mark.parametrize("scheme", [SYMMETRIC, ASYMMETRIC], ids=["symmetric", "asymmetric"])
def test_the_mse_range_is_the_best_of_a_fine_search(scheme: Scheme) -> None:
    values = make_outliers()
    observer = find_observer("mse")
    observer.observe(values)

    def error(low: float, high: float) -> float:
        parameters = parameters_of_range(torch.tensor(low), torch.tensor(high), scheme)
        return float((fake_quantize(values, scheme, parameters) - values).square().mean())

    found = error(*observer.find(scheme))
    widest = [(-80.0 * share, 80.0 * share) for share in np.linspace(0.01, 1, 100)]
    shrunk = (
        widest
        if scheme.symmetric
        else [(-30.0 * a, 80.0 * b) for a in np.linspace(0.05, 1, 10) for b in np.linspace(0.05, 1, 20)]
    )
    assert found <= 1.1 * min(error(low, high) for low, high in shrunk)
    assert found < error(-30.0, 80.0) or not scheme.symmetric


def test_the_entropy_range_leaves_outliers_out_and_keeps_the_bulk() -> None:
    observer = find_observer("entropy")
    observer.observe(make_outliers())
    low, high = observer.find(SYMMETRIC)
    assert 2 < high < 40
    assert -30 <= low < -2


def test_the_entropy_range_of_even_values_is_nearly_all_of_them() -> None:
    observer = find_observer("entropy")
    observer.observe(torch.linspace(-1, 1, 50_001))
    low, high = observer.find(SYMMETRIC)
    assert (low, high) == pytest.approx((-1, 1), abs=0.05)


def test_the_entropy_range_is_near_that_of_onnx_runtime() -> None:
    from onnxruntime.quantization.calibrate import HistogramCollector

    values = torch.randn(40_000, generator=torch.Generator().manual_seed(2)) * 2
    collector = HistogramCollector(
        method="entropy", symmetric=True, num_bins=2048, num_quantized_bins=128, percentile=99.9, scenario="same"
    )
    collector.collect({"x": [values.numpy()]})
    theirs = collector.compute_collection_result()["x"][1]
    observer = find_observer("entropy")
    observer.observe(values)
    assert observer.find(SYMMETRIC)[1] == pytest.approx(float(theirs), rel=0.25)


@pytest.mark.parametrize("ranges", ["min-max", "percentile", "entropy", "mse"])
@pytest.mark.parametrize("values", [[0.0, 0.0], [3.0, 3.0], [-2.0], [1e-30, 0.0], [1e30, -1e30]])
def test_odd_values_have_a_range_that_holds_zero(ranges: CalibrationRanges, values: list[float]) -> None:
    observer = find_observer(ranges)
    observer.observe(torch.tensor(values))
    low, high = observer.find(ASYMMETRIC)
    seen = torch.tensor([*values, 0.0])
    assert float(seen.min()) <= low <= 0 <= high <= float(seen.max())


@pytest.mark.parametrize("ranges", ["min-max", "mse"])
def test_nan_and_infinity_are_refused(ranges: CalibrationRanges) -> None:
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ModelError, match="NaN or infinite"):
            find_observer(ranges).observe(torch.tensor([1.0, bad]))
