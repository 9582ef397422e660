"""Step scores in colour, as HTML: from orange over nothing to blue, and the number beside it."""

from collections.abc import Sequence

from app import palette
from engine import store
from engine.study.handle import Iteration


def full_at(chosen: Iteration) -> float | None:
    """The size at which a score's colour is full, where scores have no bounds: 19 of 20 steps of
    the pre-samples are no larger. None for probabilities, whose colours turn at one half.
    """
    if chosen.config.has_bounded_rewards:
        return None
    spread = store.rewards.spread(chosen)
    return spread.size if spread and spread.size > 0 else 1.0


def strip(scores: Sequence[float | None], full: float | None = None) -> str:
    """Step scores as a row of cells, one per step; an empty one where there is none."""
    said = ", ".join("none" if score is None else f"{score:.2f}" for score in scores)
    shape = "flex:1;max-width:2.2em"
    cells = "".join(
        f'<span title="step {n}: not scored" style="{shape};border:1px dashed"></span>'
        if score is None
        else f'<span title="step {n}: {score:.3f}" style="{shape};{_look(score, full)}"></span>'
        for n, score in enumerate(scores, start=1)
    )
    row = "display:flex;gap:2px;height:14px"
    return f'<div role="img" aria-label="step scores {said}" style="{row}">{cells}</div>'


def chip(score: float | None, full: float | None = None) -> str:
    """A score on its colour; the number says the same."""
    if score is None:
        return '<span title="not scored">–</span>'
    look = {
        "display": "inline-block",
        "min-width": "3.4em",
        "text-align": "center",
        "padding": "1px 6px",
        "font-variant-numeric": "tabular-nums",
        "font-size": "0.85em",
    }
    style = ";".join([*(f"{name}:{value}" for name, value in look.items()), _look(score, full)])
    return f'<span title="step score" style="{style}">{score:.3f}</span>'


def _look(score: float, full: float | None) -> str:
    """A cell's look as CSS. Probabilities: orange at 0, nothing at .5, blue at 1. Without bounds:
    nothing at 0, full at the given size and beyond.
    """
    share = 2 * score - 1 if full is None else score / full
    colour = palette.BLUE if share >= 0 else palette.ORANGE
    ground = palette.faded(colour, 0.08 + 0.45 * min(abs(share), 1.0))
    return f"border-radius:4px;border:1px solid {colour};background:{ground}"
