"""What is possible, told from a configuration alone and in words."""

from __future__ import annotations

from typing import Any

import pytest
import transformers

from persopt.domain.errors import InputError, ModelError
from persopt.pruning.structured import StructuredRatios, plan_sizes
from persopt.pruning.structured.prune import prune_structured
from tests.pruning.structured.architectures import build

t: Any = transformers  # its types leave out the fields of base classes


def _bert(**fields: Any) -> Any:
    sizes = {"hidden_size": 48, "num_attention_heads": 4, "intermediate_size": 100, "num_hidden_layers": 4}
    return t.BertConfig(**{**sizes, **fields})


def _llama(heads: int, groups: int, **fields: Any) -> Any:
    return t.LlamaConfig(hidden_size=48, num_attention_heads=heads, num_key_value_heads=groups, **fields)


def test_bert_cuts_heads_only_with_its_width() -> None:
    with pytest.raises(InputError, match=r"no field for the size of a head.*give hidden=0\.5 or more too"):
        plan_sizes(_bert(), StructuredRatios(heads=0.5))
    both = plan_sizes(_bert(), StructuredRatios(heads=0.5, hidden=0.5))
    assert (both.heads, both.head_size, both.hidden) == (2, 12, 24)
    width = plan_sizes(_bert(), StructuredRatios(hidden=0.5))
    assert (width.heads, width.head_size, width.hidden) == (4, 6, 24)


def test_grouped_heads_are_cut_by_groups() -> None:
    sizes = plan_sizes(_llama(8, 4), StructuredRatios(heads=0.5))
    assert (sizes.heads, sizes.key_value_heads, sizes.hidden) == (4, 2, 48)
    with pytest.raises(InputError, match=r"0\.9 of 2 groups of heads leaves none; possible are 0\.5 \(1 left\)"):
        plan_sizes(_llama(8, 2), StructuredRatios(heads=0.9))


def test_one_group_of_heads_keeps_its_keys() -> None:
    sizes = plan_sizes(_llama(8, 1), StructuredRatios(heads=0.25))
    assert (sizes.heads, sizes.key_value_heads) == (6, 1)


def test_llama_demands_a_width_that_its_heads_divide() -> None:
    with pytest.raises(InputError, match=r"for a width of 48, possible ratios of heads are: 0\.25 \(6 left\)"):
        plan_sizes(_llama(8, 8), StructuredRatios(heads=0.375))
    assert plan_sizes(_llama(8, 8), StructuredRatios(heads=0.25, hidden=0.4)).hidden == 30


def test_multiples() -> None:
    sizes = plan_sizes(_bert(), StructuredRatios(feed_forward=0.5, hidden=0.3), multiple_of=8)
    assert (sizes.feed_forward, sizes.hidden) == (48, 32)
    with pytest.raises(InputError, match=r"of 100 neurons in steps of 64 cuts none; possible are 0\.36 \(64 left\)"):
        plan_sizes(_bert(), StructuredRatios(feed_forward=0.01), multiple_of=64)


def test_all_faults_come_at_once() -> None:
    with pytest.raises(InputError) as raised:
        plan_sizes(_bert(), StructuredRatios(heads=0.01, feed_forward=0.999, layers=0.9))
    assert [fault.path for fault in raised.value.faults] == ["$.heads", "$.feedForward", "$.layers"]
    assert "possible are 0.25 (3 left), 0.5 (2 left), 0.75 (1 left)" in raised.value.faults[0].message
    assert "possible are 0.01 (99 left) to 0.99 (1 left)" in raised.value.faults[1].message


@pytest.mark.parametrize(
    ("keep", "ratio", "message"),
    [
        ([0, 4], 0.0, r"has \[4\], but num_hidden_layers is 4"),
        ([1, 1], 0.0, "names a layer twice"),
        ([], 0.0, "is empty"),
        ([1], 0.5, "give one of them"),
    ],
)
def test_layers_to_keep(keep: list[int], ratio: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan_sizes(_bert(), StructuredRatios(layers=ratio), keep_layers=keep)


def test_nothing_to_cut() -> None:
    with pytest.raises(InputError, match="nothing is to be cut"):
        plan_sizes(_bert(), StructuredRatios())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (t.BartConfig(), r"architecture 'bart' cannot be cut; those that can: albert, bert, .*quantization"),
        (t.AlbertConfig(num_hidden_groups=2), "num_hidden_groups=2"),
        (t.BertConfig(is_decoder=True, add_cross_attention=True), "cross-attention"),
        (t.GPT2Config(add_cross_attention=True), "cross-attention"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_words(config: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        plan_sizes(config, StructuredRatios(feed_forward=0.5))


def test_a_model_that_is_not_what_its_configuration_says_is_refused() -> None:
    model = build("bert")
    model.config.intermediate_size = 12
    with pytest.raises(InputError, match=r"does not fit its own configuration: bert\.encoder\.layer\.0\.intermediate"):
        prune_structured(model, lambda _, weight: weight.abs(), StructuredRatios(feed_forward=0.5))
