"""Asking a judge about an iteration's responses, batch by batch: each batch is stored before the
next one is asked, so that a stop loses nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from engine import store
from engine.judging.server import Judge
from engine.store.opinions import Open, Opinion
from engine.store.texts import printable
from engine.study.handle import Iteration
from engine.study.overrides import override

BATCH = 16
"""Requests in flight."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking, so far."""

    n_owed: int
    n_same: int = 0
    n_different: int = 0
    n_unclear: int = 0
    n_counted: int = 0
    """Responses that count as correct now, by the judge's word."""

    @property
    def n_asked(self) -> int:
        return self.n_same + self.n_different + self.n_unclear


def ask_judge(
    it: Iteration, judge: Judge, on_progress: Callable[[Asked], None] = lambda so_far: None
) -> Asked:
    """Ask about every response that the rules call wrong or could not check. Blocks.

    Where the run's judge.counts is "same", what the judge calls the same counts as correct from
    then on, as an override with an undo; else its opinion is stored and nothing else.

    Raises: JudgeError where the server does not answer; what was said before is stored.
    """
    owed = store.opinions.owed(it, judge.id)
    asked = Asked(len(owed))
    for start in range(0, len(owed), BATCH):
        batch = owed[start : start + BATCH]
        opinions = judge.ask(batch)
        asked = _stored(it, judge, asked, list(zip(batch, opinions, strict=True)))
        on_progress(asked)
    return asked


def _stored(it: Iteration, judge: Judge, asked: Asked, said: list[tuple[Open, Opinion]]) -> Asked:
    counts = it.config.judge.counts == "same"
    with it.db.transaction():
        store.opinions.add(it, judge.id, [(one, _printable(opinion)) for one, opinion in said])
        for one, opinion in said:
            if counts and opinion.says == "same":
                override(
                    it.db,
                    one.set_id,
                    one.problem_id,
                    one.idx,
                    correct=True,
                    note=f"The judge {judge.id} calls {one.predicted[:100]} the same.",
                    made_by="judge",
                )
    n = Counter(opinion.says for _, opinion in said)
    return Asked(
        asked.n_owed,
        asked.n_same + n["same"],
        asked.n_different + n["different"],
        asked.n_unclear + n["unclear"],
        asked.n_counted + (n["same"] if counts else 0),
    )


def _printable(opinion: Opinion) -> Opinion:
    return Opinion(opinion.says, printable(opinion.reply))
