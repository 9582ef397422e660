"""The next token: looking at few tokens gives what sorting the vocabulary gives."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.samplers.choosing import PREFIX, choose, draw, keep_nucleus, penalised
from engine.types import SamplingSettings


def by_sorting(probabilities, noise, top_p, top_k):
    """The token at the noise, one row at a time, from the definition."""
    chosen = []
    for row, u in zip(probabilities.tolist(), noise.tolist()):
        order = sorted(range(len(row)), key=lambda i: (-row[i], i))[: top_k or None]
        mass, kept, before = sum(row[i] for i in order), [], 0.0
        for i in order:
            if before >= top_p * (mass if top_k else 1.0):
                break
            kept.append(i)
            before += row[i]
        cdf = np.cumsum([row[i] if i in set(kept) else 0.0 for i in range(len(row))])
        chosen.append(min(int(np.searchsorted(cdf, u * cdf[-1], side="right")), len(row) - 1))
    return chosen


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([0.1, 1.0, 4.0]),
    top_p=st.sampled_from([0.5, 0.95, 0.999, 1.0]),
    top_k=st.sampled_from([0, 1, 5, 300]),
    levels=st.sampled_from([0, 8]),
)
def test_looking_at_the_most_probable_tokens_draws_what_sorting_all_of_them_draws(
    seed, spread, top_p, top_k, levels
):
    """With few levels many probabilities are equal, also at the border."""
    torch.manual_seed(seed)
    logits = torch.randn(6, 4 * PREFIX, dtype=torch.float64) * spread
    logits = (logits * levels).round() / levels if levels else logits
    probabilities, noise = logits.softmax(-1), torch.rand(6, dtype=torch.float64)
    if top_p < 1 or top_k:
        assert draw(probabilities, noise, top_p, top_k).tolist() == by_sorting(
            probabilities, noise, top_p, top_k
        )


@pytest.mark.parametrize(
    "row",
    [
        [1.0] * 1000,
        [2.0] * (PREFIX - 1) + [1.0] * 700,
        [2.0] * PREFIX + [2.0] * 3 + [1.0] * 500,
        [1.0] * 500 + [9.0] + [1.0] * 500,
        [0.0] * 900 + [-1e9] * 100,
        [30.0] + [0.0] * 999,
    ],
    ids=["all equal", "ties behind", "ties across", "one above", "impossible ones", "one alone"],
)
@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.9, 0.999999])
@pytest.mark.parametrize("top_k", [0, 1, PREFIX, PREFIX + 1])
def test_every_token_of_a_nucleus_with_ties_is_drawn_as_by_sorting(row, top_p, top_k):
    """At every number where the distribution function could step."""
    probabilities = torch.tensor([row], dtype=torch.float64).softmax(-1)
    kept = keep_nucleus(probabilities, top_p, top_k)[0]
    cdf = kept.cumsum(-1) / kept.sum()
    noise = torch.cat([torch.zeros(1, dtype=torch.float64), cdf[kept > 0][:-1]])
    noise = (noise + 1e-9).clamp(max=1 - 1e-12)
    drawn = draw(probabilities.expand(len(noise), -1), noise, top_p, top_k)
    assert drawn.tolist() == kept.nonzero()[:, 0].tolist()


@pytest.mark.parametrize("top_k", [0, 7])
def test_the_drawn_tokens_are_the_nucleus_and_no_other(top_k):
    torch.manual_seed(1)
    row = (torch.randn(1, 2000, dtype=torch.float64) * 3).softmax(-1)
    noise = torch.linspace(0, 0.9999, 4000, dtype=torch.float64)
    drawn = draw(row.expand(4000, -1), noise, 0.9, top_k)
    kept = keep_nucleus(row, 0.9, top_k)[0].nonzero()[:, 0]
    assert set(drawn.tolist()) <= set(kept.tolist())
    assert len(set(drawn.tolist())) > 1


def test_a_penalty_divides_positive_logits_and_multiplies_negative_ones_of_seen_tokens():
    logits = torch.tensor([[2.0, -2.0, 3.0]])
    seen = torch.tensor([[True, True, False]])
    assert penalised(logits, seen, 2.0).tolist() == [[1.0, -4.0, 3.0]]


def test_min_p_keeps_tokens_by_their_share_of_the_most_probable_one():
    logits = torch.tensor([[0.6, 0.3, 0.1]], dtype=torch.float64).log().expand(200, -1)
    noise = torch.linspace(0, 0.9999, 200, dtype=torch.float64)
    drawn = choose(logits, noise, SamplingSettings(temperature=1.0, top_p=1.0, min_p=0.4))
    assert set(drawn.tolist()) == {0, 1}
    greedy = SamplingSettings(temperature=0.0)
    assert set(choose(logits, None, greedy).tolist()) == {0}
