"""Whatever the sizes and ratios: refused in words, or a model that is what its configuration says."""

from __future__ import annotations

import copy
from typing import Any

import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.domain.errors import InputError
from persopt.pruning.structured import StructuredRatios
from persopt.pruning.structured.prune import prune_structured

t: Any = transformers  # its types leave out the fields of base classes

RATIOS = st.one_of(st.just(0.0), st.floats(0.05, 0.95))


def _check(model: Any, ratios: StructuredRatios, multiple_of: int) -> None:
    before = copy.deepcopy(model)
    try:
        report = prune_structured(model, lambda _, weight: weight.square(), ratios, multiple_of=multiple_of)
    except InputError:
        assert model.config.to_dict() == before.config.to_dict()
        assert [weight.shape for weight in model.parameters()] == [weight.shape for weight in before.parameters()]
        return
    # A model made anew from the configuration takes the weights, all of them, and says the same.
    twin = type(model)(type(model.config).from_dict(model.config.to_dict())).eval()
    twin.load_state_dict(model.state_dict(), strict=True)
    tokens = torch.tensor([[5, 6, 7, 8]])
    with torch.no_grad():
        torch.testing.assert_close(twin(tokens).logits, model(tokens).logits, rtol=0, atol=0)
    assert report.parameters_after == sum(weight.numel() for weight in model.parameters())
    if report.hidden:
        assert len(report.hidden) % multiple_of == 0


@settings(max_examples=12)
@given(
    heads=st.integers(1, 5),
    size=st.integers(1, 6),
    neurons=st.integers(1, 40),
    layers=st.integers(1, 3),
    cuts=st.tuples(RATIOS, RATIOS, RATIOS, RATIOS),
    multiple_of=st.sampled_from([1, 2, 4]),
)
def test_distilbert(
    heads: int, size: int, neurons: int, layers: int, cuts: tuple[float, float, float, float], multiple_of: int
) -> None:
    torch.manual_seed(0)
    config = t.DistilBertConfig(
        vocab_size=20, dim=heads * size, n_heads=heads, hidden_dim=neurons, n_layers=layers, max_position_embeddings=8
    )
    model = t.DistilBertForSequenceClassification(config).eval()
    ratios = StructuredRatios(heads=cuts[0], feed_forward=cuts[1], hidden=cuts[2], layers=cuts[3])
    _check(model, ratios, multiple_of)


@settings(max_examples=12)
@given(
    groups=st.integers(1, 3),
    per_group=st.integers(1, 3),
    width=st.integers(1, 4),
    cuts=st.tuples(RATIOS, RATIOS, RATIOS, RATIOS),
    tied=st.booleans(),
)
def test_llama(groups: int, per_group: int, width: int, cuts: tuple[float, float, float, float], tied: bool) -> None:
    torch.manual_seed(0)
    config = t.LlamaConfig(
        vocab_size=20,
        hidden_size=groups * per_group * width,
        num_attention_heads=groups * per_group,
        num_key_value_heads=groups,
        head_dim=4,
        intermediate_size=9,
        num_hidden_layers=2,
        max_position_embeddings=8,
        tie_word_embeddings=tied,
    )
    model = t.LlamaForCausalLM(config).eval()
    ratios = StructuredRatios(heads=cuts[0], feed_forward=cuts[1], hidden=cuts[2], layers=cuts[3])
    _check(model, ratios, 1)
    assert (model.lm_head.weight is model.model.embed_tokens.weight) is tied
