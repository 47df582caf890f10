from __future__ import annotations

import numpy as np
import pytest

from persopt.domain.errors import ModelError
from persopt.measure.outputs import OutputDifference, compare_outputs


def test_the_difference_is_that_of_all_rows_of_all_batches() -> None:
    chance = np.random.default_rng(0)
    original = chance.normal(size=(11, 4)).astype(np.float32)
    result = original + chance.normal(size=(11, 4)).astype(np.float32)
    found = compare_outputs((original[part], result[part]) for part in (slice(0, 5), slice(5, 11)))
    difference = np.abs(original.astype(float) - result)
    cosines = [one @ two / np.sqrt((one @ one) * (two @ two)) for one, two in zip(original, result, strict=True)]
    assert found.largest == pytest.approx(difference.max())
    assert found.mean == pytest.approx(difference.mean())
    assert found.cosine == pytest.approx(np.mean(cosines), rel=1e-5)
    assert found.rows == 11


def test_padding_does_not_count() -> None:
    original, result = np.ones((2, 3, 4)), np.ones((2, 3, 4))
    result[0, 2], result[1, 0] = 99, 2
    found = compare_outputs([(original, result, np.array([[1, 1, 0], [1, 1, 1]]))])
    assert (found.largest, found.mean) == pytest.approx((1, 4 / 20))


def test_outputs_of_zero_are_like_their_own_only() -> None:
    zeros, ones = np.zeros((1, 2)), np.ones((1, 2))
    assert compare_outputs([(zeros, zeros)]).cosine == 1
    assert compare_outputs([(zeros, ones)]).cosine == 0


def test_what_cannot_be_compared_is_told_in_words() -> None:
    difference = OutputDifference()
    with pytest.raises(ValueError, match="no outputs"):
        difference.compute()
    with pytest.raises(ModelError, match=r"shape \(2, 3\) where the original gives \(2, 2\)"):
        difference.add(np.ones((2, 2)), np.ones((2, 3)))
    with pytest.raises(ModelError, match="the result gives outputs that are no finite numbers"):
        difference.add(np.ones((2, 2)), np.array([[1, np.nan], [1, 1]]))
