"""What a job's sample sets still lack, and the backends that fill them: placed, opened, in turn
where both do not fit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine import store
from engine.config.backends import opening_options, reads_as
from engine.events import Event, Planned, Seated, Text
from engine.jobs.policies import sound_path
from engine.jobs.respond import Owed, respond
from engine.jobs.work import Work
from engine.method.prompts import fill
from engine.models.memory import tokens_of
from engine.placement import Backend, Placement, seating
from engine.study.handle import Iteration
from engine.study.sample_sets import requests
from engine.study.worked_examples import with_examples
from engine.types import Problem, Request


@dataclass(frozen=True, slots=True)
class Part:
    """One sample set of a job, and what of it is wanted."""

    set_id: str
    role: Literal["train", "held_out"]
    """Of its problems."""
    wanted: dict[str, range]
    """Indices by problem id."""

    @property
    def n(self) -> int:
        return sum(map(len, self.wanted.values()))


def respond_to(work: Work, parts: list[Part], *, scored: bool, n_later: int = 0) -> Iterator[Event]:
    """One or more sample sets in turn, as one job with one count.

    Args:
        n_later: responses that the job will owe when these are done.
    """
    it, placement = work.it, work.placement
    prm_id = (it.run.prm_id or None) if scored else None
    owed = [_owed(it, part, prm_id) for part in parts]
    n_total = sum(part.n for part in parts)
    yield _planned(owed, n_total, n_later, is_scored=prm_id is not None)
    reward = reward_backend(it)
    for part, lacking in zip(parts, owed):
        drawn_by = policy_backend(it, lacking.samples.sampler, lacking.samples.policy_id)
        sampler, seated_reward, together = seating.place(
            it.config, placement, drawn_by, reward, _longest(lacking.requests)
        )
        yield Seated(in_turn=prm_id is not None and not together)
        openers = _opener(placement, sampler), work.grader, _opener(placement, seated_reward)
        if together or prm_id is None:
            yield from respond(lacking, *openers)
            continue
        yield from respond(replace(lacking, prm_id=None), *openers)
        placement.release(keep=[seated_reward])
        yield from respond(_owed(it, part, prm_id), *openers)


def _planned(owed: list[Owed], n_total: int, n_later: int, *, is_scored: bool) -> Planned:
    n_done = n_total - sum(len(o.requests) for o in owed)
    n_graded = n_done - sum(len(o.ungraded) for o in owed)
    n_scored = n_done - sum(len(o.unscored) + len(o.refused) for o in owed)
    return Planned(
        n_total + n_later,
        n_done,
        "responses",
        max(n_graded, 0),
        max(n_scored, 0) if is_scored else None,
    )


def _longest(requests: list[Request]) -> int:
    """Tokens of the longest prompt, as a rule; 0 without requests."""
    return max(map(tokens_of, {request.prompt for request in requests}), default=0)


def policy_backend(it: Iteration, sampler: str, policy_id: str) -> Backend:
    """A sampler over a stored policy, with the options that it takes of the run's configuration and
    no others. Raises: PolicyDamaged.
    """
    is_first = policy_id == store.runs.iterations(it.db, it.run_id)[0].policy_id
    about_set = {
        "set.policy_id": policy_id,
        "set.known_as": it.config.policy.path if is_first else "",
    }
    path = sound_path(it.db, policy_id)
    return Backend(sampler, path, opening_options(sampler, it.config, about_set))


def _owed(it: Iteration, part: Part, prm_id: str | None) -> Owed:
    samples = store.samples.get(it.db, part.set_id)
    number = it.number if part.role == "train" else None
    problems = store.problems.of_run(it.db, it.run_id, part.role, number)
    stored = store.samples.stored_keys(it.db, part.set_id)
    keys = [(id, index) for id, indices in part.wanted.items() for index in indices]
    reads = reads_as(it.config.reward.family)
    prompts = {id: fill(samples.settings.prompt_template, p.question) for id, p in problems.items()}
    shown = with_examples(it, samples, problems) if samples.settings.n_examples else prompts
    read = prompts if reads == "text" else {id: p.question for id, p in problems.items()}
    return Owed(
        samples=samples,
        requests=requests(samples, shown, [key for key in keys if key not in stored]),
        answers={id: p.reference for id, p in problems.items()},
        rules=it.config.extraction(),
        prompts=read if prm_id else {},
        prm_id=prm_id,
        scored=it.config.reward.scored,
        scored_by_key=reads == "key",
        ungraded=_of(problems, store.samples.ungraded(it.db, part.set_id)),
        unscored=_unscored(it, part, prm_id, problems, refused=False),
        refused=[(id, i) for id, i, _ in _unscored(it, part, prm_id, problems, refused=True)],
    )


def _unscored(
    it: Iteration, part: Part, prm_id: str | None, problems: dict[str, Problem], *, refused: bool
) -> list[Text]:
    if prm_id is None:
        return []
    texts = store.samples.unscored(
        it.db, part.set_id, prm_id, refused=refused, scored=it.config.reward.scored
    )
    return _of(problems, texts)


def _of(problems: dict[str, Problem], texts: list[Text]) -> list[Text]:
    """Other runs may have drawn for other problems into the same set."""
    return [text for text in texts if text[0] in problems]


def reward_backend(it: Iteration) -> Backend:
    """The reward model of an iteration's run."""
    family = it.config.reward.family
    return Backend(family, it.run.prm_path, opening_options(family, it.config))


def _opener(placement: Placement, backend: Backend) -> Callable[[], Any]:
    return lambda: placement.get(backend)
