from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from persopt.data.labels import RowLabel
from persopt.data.rows import choose_rows, divide_quota

SINGLE = st.lists(st.sampled_from("abcde"), min_size=1, max_size=60)
TAGGED = st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=3).map(tuple), min_size=1, max_size=40)


@given(labels=SINGLE, data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_shares_are_kept_and_no_class_is_lost(labels: list[RowLabel], data: st.DataObject, seed: int) -> None:
    count = data.draw(st.integers(1, len(labels)))
    chosen = choose_rows(labels, count, (seed,), stratify=True)
    assert len(set(chosen.tolist())) == count
    assert chosen.tolist() == sorted(chosen)
    sizes, kept = Counter(labels), Counter(labels[index] for index in chosen)
    assert kept == +divide_quota(sizes, count)
    if count >= len(sizes):
        assert set(kept) == set(sizes)
        big = [name for name in sizes if sizes[name] * count / len(labels) >= 1]
        if len(big) == len(sizes):
            assert all(abs(kept[name] - sizes[name] * count / len(labels)) < 1 for name in sizes)


@given(labels=TAGGED, data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_every_tag_is_kept_if_there_is_room(
    labels: list[tuple[str | None, ...]], data: st.DataObject, seed: int
) -> None:
    tags = {tag for row in labels for tag in row}
    count = data.draw(st.integers(1, len(labels)))
    chosen = choose_rows(labels, count, (seed,), stratify=False)
    assert len(set(chosen.tolist())) == count
    if count >= len(tags):
        assert {tag for index in chosen for tag in labels[index]} == tags


def test_rows_follow_the_seed() -> None:
    labels: list[RowLabel] = ["a", "b"] * 50
    first = choose_rows(labels, 20, (1, 2), stratify=True).tolist()
    assert choose_rows(labels, 20, (1, 2), stratify=True).tolist() == first
    assert choose_rows(labels, 20, (1, 3), stratify=True).tolist() != first
