"""What a job's sample sets still lack, and the backends that fill them: placed, opened, in turn
where both do not fit.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine import store
from engine.config.backends import NO_REWARD, opening_options, reads_as, reward_opening
from engine.events import Event, Planned, Seated
from engine.jobs.policies import sound_path
from engine.jobs.respond import Owed, respond
from engine.jobs.reward_models import sound_reward
from engine.jobs.work import Work
from engine.method.prompts import fill
from engine.models.memory import tokens_of
from engine.placement import Backend, Placement, seating
from engine.recorded.replay import open_set
from engine.store.owed import NO_KEYS, Keys, Wanted
from engine.study.handle import Iteration
from engine.study.sample_sets import requests
from engine.study.worked_examples import Prompts, prompts_with_examples
from engine.types import Problem, SampleSet

WINDOW = 65_536
"""So many responses are asked for at once: what a phase holds as objects is bounded by it."""

NO_REWARD_MODEL = Backend(NO_REWARD)
"""Of a phase that scores nothing."""

LEFTOVERS = 8_192
"""So many stored responses without a verdict or a score are read at once, with their texts."""


@dataclass(frozen=True, slots=True)
class Part:
    """One sample set of a job, and what of it is wanted."""

    set_id: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a part lacks, as keys: a few bytes for each response."""

    part: Part
    samples: SampleSet
    missing: Keys
    ungraded: Keys
    """Stored responses that a crash left without a verdict."""
    unscored: Keys
    refused: Keys
    """Stored responses to refused prompts, without the answer that there is no score."""

    def windows(self) -> Iterator["Backlog"]:
        """The same in pieces, at least one."""
        n = max(
            -(-len(self.missing) // WINDOW),
            *(-(-len(k) // LEFTOVERS) for k in (self.ungraded, self.unscored, self.refused)),
            1,
        )
        for i in range(n):
            yield replace(
                self,
                missing=self.missing.part(i * WINDOW, (i + 1) * WINDOW),
                **{
                    name: getattr(self, name).part(i * LEFTOVERS, (i + 1) * LEFTOVERS)
                    for name in ("ungraded", "unscored", "refused")
                },
            )

    def problem_ids(self) -> list[str]:
        """Of all that is lacking, each once."""
        keys = self.missing, self.ungraded, self.unscored, self.refused
        places = np.unique(np.concatenate([k.place for k in keys]))
        return self.part.wanted.problem_ids[places].tolist()


def respond_to(work: Work, parts: list[Part], *, scored: bool, n_later: int = 0) -> Iterator[Event]:
    """One or more sample sets in turn, as one job with one count.

    Args:
        n_later: responses that the job will owe when these are done.
    """
    it, placement = work.it, work.placement
    prm_id = (it.run.prm_id or None) if scored else None
    backlogs = [_backlog(it, part, prm_id) for part in parts]
    yield _planned(backlogs, n_later, is_scored=prm_id is not None)
    reward = reward_backend(it) if prm_id else NO_REWARD_MODEL
    for part, lacking in zip(parts, backlogs):
        drawn_by = policy_backend(it, lacking.samples.sampler, lacking.samples.policy_id)
        prompts = _prompts(it, lacking.samples)
        sampler, seated_reward, together = seating.place(
            it.config, placement, drawn_by, reward, _longest(it, lacking, prompts)
        )
        yield Seated(in_turn=prm_id is not None and not together)
        openers = _opener(placement, sampler), work.grader, _opener(placement, seated_reward)
        if together or prm_id is None:
            yield from _in_windows(it, lacking, prompts, prm_id, openers)
            continue
        unjudged = replace(lacking, unscored=NO_KEYS, refused=NO_KEYS)
        yield from _in_windows(it, unjudged, prompts, None, openers)
        placement.release(keep=[seated_reward])
        yield from _in_windows(it, _backlog(it, part, prm_id), prompts, prm_id, openers)


def _in_windows(
    it: Iteration, lacking: Backlog, prompts: Prompts, prm_id: str | None, openers: tuple
) -> Iterator[Event]:
    for window in lacking.windows():
        yield from respond(_owed(it, window, prompts, prm_id), *openers)


def _planned(backlogs: list[Backlog], n_later: int, *, is_scored: bool) -> Planned:
    n_total = sum(lacking.part.wanted.n for lacking in backlogs)
    n_done = n_total - sum(len(lacking.missing) for lacking in backlogs)
    n_graded = n_done - sum(len(lacking.ungraded) for lacking in backlogs)
    n_scored = n_done - sum(len(lacking.unscored) + len(lacking.refused) for lacking in backlogs)
    return Planned(
        n_total + n_later,
        n_done,
        "responses",
        max(n_graded, 0),
        max(n_scored, 0) if is_scored else None,
    )


def _prompts(it: Iteration, samples: SampleSet) -> Prompts:
    """How problems are shown to the policy."""
    if samples.settings.n_examples:
        problems = store.problems.of_run(it.db, it.run_id, "train", it.number)
        return prompts_with_examples(it, samples, problems)
    return lambda problems: _filled(samples, problems)


def _filled(samples: SampleSet, problems: Mapping[str, Problem]) -> dict[str, str]:
    template = samples.settings.prompt_template
    return {id: fill(template, problem.question) for id, problem in problems.items()}


def _longest(it: Iteration, lacking: Backlog, prompts: Prompts) -> int:
    """Tokens of the longest prompt that is owed, as a rule, 0 without one: of the longest question
    where nothing else stands in prompts.
    """
    ids = lacking.part.wanted.problem_ids[np.unique(lacking.missing.place)]
    if not len(ids):
        return 0
    if not lacking.samples.settings.n_examples:
        question = store.owed.longest_question(it.db, ids)
        return tokens_of(fill(lacking.samples.settings.prompt_template, question))
    shown = (
        prompts(store.problems.by_id(it.db, ids[start : start + LEFTOVERS].tolist()))
        for start in range(0, len(ids), LEFTOVERS)
    )
    return max(tokens_of(prompt) for part in shown for prompt in part.values())


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


def _backlog(it: Iteration, part: Part, prm_id: str | None) -> Backlog:
    db, set_id, wanted = it.db, part.set_id, part.wanted
    missing = store.owed.missing(db, set_id, wanted)
    samples = store.samples.get(db, set_id)
    if it.config.is_recorded:
        missing = _in_file_order(it, samples, wanted, missing)
    return Backlog(
        part,
        samples,
        missing,
        ungraded=store.owed.ungraded(db, set_id, wanted),
        unscored=_unscored(it, part, prm_id, refused=False),
        refused=_unscored(it, part, prm_id, refused=True),
    )


def _unscored(it: Iteration, part: Part, prm_id: str | None, *, refused: bool) -> Keys:
    if prm_id is None:
        return NO_KEYS
    store.rewards.aggregate(it.db, part.set_id, prm_id, it.config.reward.aggregation)
    return store.owed.unscored(it.db, part.set_id, prm_id, part.wanted, refused=refused)


def _in_file_order(it: Iteration, samples: SampleSet, wanted: Wanted, missing: Keys) -> Keys:
    """As they are recorded, so that a window is read from one place of the file."""
    recorded = open_set(sound_path(it.db, samples.policy_id))
    positions = recorded.positions(wanted.problem_ids, missing.place, missing.index)
    return missing.ordered(np.argsort(positions))


def _owed(it: Iteration, window: Backlog, prompts: Prompts, prm_id: str | None) -> Owed:
    samples, wanted = window.samples, window.part.wanted
    problems = store.problems.by_id(it.db, window.problem_ids())
    reads, read_by_policy = reads_as(it.config.reward.family), prompts(problems)
    questions = {id: p.question for id, p in problems.items()}
    read = {
        "text": _filled(samples, problems),
        "sampled": read_by_policy,
        "question": questions,
        "key": questions,
    }
    unscored = window.unscored.of(wanted)
    return Owed(
        samples=samples,
        requests=requests(samples, read_by_policy, window.missing.of(wanted)),
        answers={id: p.reference for id, p in problems.items()},
        rules=it.config.extraction(),
        prompts=read[reads] if prm_id else {},
        prm_id=prm_id,
        scored=it.config.reward.scored,
        aggregation=it.config.reward.aggregation,
        scored_by_key=reads == "key",
        ungraded=store.owed.texts(it.db, samples.id, window.ungraded.of(wanted), "answer"),
        unscored=store.owed.texts(it.db, samples.id, unscored, it.config.reward.scored),
        refused=window.refused.of(wanted),
    )


def reward_backend(it: Iteration) -> Backend:
    """The reward model of an iteration's run, by the content that the run was begun with. Raises:
    RewardModelChanged, PolicyDamaged.
    """
    if it.config.is_own_reward:
        first = store.runs.iterations(it.db, it.run_id)[0].policy_id
        path, reference = (sound_path(it.db, id) for id in (it.row.policy_id, first))
    else:
        path, reference = sound_reward(it)
    given = {"reference": reference} if reference else {}
    model_id = it.run.prm_id.split("-")[-1]
    name, options = reward_opening(it.config, model_id, **given)
    return Backend(name, path, options)


def _opener(placement: Placement, backend: Backend) -> Callable[[], Any]:
    return lambda: placement.get(backend)
