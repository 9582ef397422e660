"""The next token from a policy's logits: penalty, temperature, minimum probability, top-k, nucleus,
and the inverse of the distribution function at one uniform number.

In this order, which is vLLM's, so that a setting means the same in every sampler. Everything behind
the logits is in float64: the drawn token must not depend on how rows are batched.
"""

from typing import Any

from engine.types import SamplingSettings

PREFIX = 256
"""Most probable tokens that are looked at before a whole vocabulary is sorted. Ours: the nucleus at
0.95 of a trained model is nearly always smaller."""

SORTED_ROWS = 16
"""Rows whose whole vocabulary is sorted side by side: bounds the memory."""


def choose(logits: Any, noise: Any, settings: SamplingSettings, seen: Any = None) -> Any:
    """The next token id of every row, shape (B,): the most probable one at temperature 0, else the
    inverse of the distribution function at the noise.

    Args:
        logits: (B, V).
        noise: (B,) in [0, 1), float64; not read at temperature 0.
        seen: (B, V), true for the tokens in prompt and response; needed for a repetition penalty.
    """
    import torch

    if logits.device.type == "mps":  # it has no float64
        seen = None if seen is None else seen.cpu()
        return choose(logits.cpu(), noise, settings, seen).to(logits.device)
    if settings.repetition_penalty != 1:
        logits = penalised(logits, seen, settings.repetition_penalty)
    if settings.temperature == 0:
        return logits.argmax(-1)
    probabilities = logits.to(torch.float64, copy=True).div_(settings.temperature).softmax(-1)
    if settings.min_p:
        least = settings.min_p * probabilities.amax(-1, keepdim=True)
        probabilities = probabilities.where(probabilities >= least, 0)
    if settings.top_p >= 1 and not settings.top_k:
        return _at(probabilities, noise)
    return draw(probabilities, noise, settings.top_p, settings.top_k)


def penalised(logits: Any, seen: Any, penalty: float) -> Any:
    """Logits of seen tokens divided by the penalty where positive, multiplied where negative.

    Source: Keskar et al. 2019 (CTRL), section 4.1, with the sign rule of vLLM and transformers.
    """
    return logits.where(~seen, (logits / penalty).where(logits > 0, logits * penalty))


def draw(probabilities: Any, noise: Any, top_p: float, top_k: int = 0) -> Any:
    """Token ids (B,) at the noise among the top_k most probable tokens and the nucleus within
    them.

    Looks at PREFIX tokens first, and sorts the vocabulary for those rows alone whose choice may
    reach beyond: the same tokens as by sorting (tested).
    """
    n_looked_at = min(probabilities.shape[-1], (top_k + 1) if top_k else PREFIX)
    values, ids = _by_probability(*probabilities.topk(n_looked_at, dim=-1))
    nucleus = _nucleus(values, top_p, top_k)
    # ties with the last one looked at could go on behind it
    is_whole = n_looked_at == probabilities.shape[-1]
    settled = values.where(nucleus > 0, float("inf")).amin(-1) > values[:, -1]
    ids, order = ids.sort(dim=-1)
    place = _at(nucleus.gather(-1, order), noise)
    chosen = ids.gather(-1, place[:, None])[:, 0]
    if is_whole or bool(settled.all()):
        return chosen
    for rows in (~settled).nonzero()[:, 0].split(SORTED_ROWS):
        whole = keep_nucleus(probabilities[rows], top_p, top_k)
        chosen[rows] = _at(whole, noise[rows.to(noise.device)])
    return chosen


def keep_nucleus(probabilities: Any, top_p: float, top_k: int = 0) -> Any:
    """Zero all but the smallest set of most probable tokens whose share of the mass reaches top_p,
    among the top_k. Shape (B, V) in and out; of equal tokens the lower ids come first.

    Source: Holtzman et al. 2020, nucleus sampling.
    """
    values, ids = probabilities.sort(dim=-1, descending=True, stable=True)
    return probabilities.new_zeros(probabilities.shape).scatter(
        -1, ids, _nucleus(values, top_p, top_k)
    )


def _nucleus(values: Any, top_p: float, top_k: int) -> Any:
    """Probabilities in descending order, zero where they are not drawn from."""
    if top_k:
        values = values.clone()
        values[:, top_k:] = 0
    mass = values.sum(-1, keepdim=True) if top_k else 1.0
    before = values.cumsum(-1) - values
    return values.where(before < top_p * mass, 0)


def _by_probability(values: Any, ids: Any) -> tuple[Any, Any]:
    """Descending, equal ones by ascending id, as a stable sort of the vocabulary has them."""
    ids, order = ids.sort(dim=-1)
    values, order = values.gather(-1, order).sort(dim=-1, descending=True, stable=True)
    return values, ids.gather(-1, order)


def _at(probabilities: Any, noise: Any) -> Any:
    """The place of each row at which the distribution function passes the noise, shape (B,)."""
    import torch

    cdf = probabilities.cumsum(-1)
    wanted = noise.to(cdf.device)[:, None] * cdf[:, -1:]
    places = torch.searchsorted(cdf, wanted, right=True)[:, 0]
    return places.clamp(max=cdf.shape[-1] - 1)
