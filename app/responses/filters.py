"""What a person looks for among the responses: fields in step with the address, and the filter
that they make.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import streamlit as st

from app import state, widgets
from app.difficulty import choice
from app.look import entry, joined, listed
from app.response_card import PHASES, SIDE_BY_SIDE, VERDICTS
from app.where import RESPONSES, where
from engine import store
from engine.figures.evaluation import Evaluation, evaluation, newly_solved
from engine.figures.siblings import RunPolicy, run_policies
from engine.method.scale import UNIT, Scale, scale_of
from engine.store.response_columns import COLUMNS
from engine.store.responses import HELD_OUT, Filter, Phase
from engine.study import plans, tags
from engine.study.handle import Iteration
from engine.study.sample_sets import evaluation_sets
from engine.types import Difficulty

TRUNCATED = {"": "Any", "yes": "Yes", "no": "No"}
CHANGES = {"": "Any", "solved": "Newly solved", "broken": "Newly broken"}
_PHASES: dict[str, Phase] = {phase: phase for phase in PHASES}
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_RANGE = re.compile(f"{_NUMBER}-{_NUMBER}")
UP_TO = "Without its upper end, as the bars of a histogram, unless that is the highest there is."
MORE = ("truncated", "tokens", "level", "tag", "reward")
"""What stands behind the others."""
NO_LEVEL = "%"
"""What no level of a problem is in an address."""
Said = Mapping[str, str]
"""Values of the address by name."""


def wanted(chosen: Iteration) -> Filter:
    """Draw the fields and return what they say."""
    said = state.said(("problem", *state.FILTERS, state.ROW))
    phase = _PHASES.get(said.get("phase", ""))
    is_held_out = phase in HELD_OUT
    names = _pills(said, is_held_out)
    grid = st.grid(4, min_column_width=widgets.FIELD)
    look = _Fields(grid, said)
    look.select("Phase", "phase", {"": "Pre-samples, resamples", **PHASES})
    policy = _policy(chosen, look) if is_held_out else None
    problems, why = _problems(chosen, said, names, policy)
    text = look.text("Text", "text", "words, in any case")
    look.text("Problem id", "problem", "all")
    asked = where(st.container(), RESPONSES, COLUMNS, resets=(state.ROW,))
    for line in why:
        st.caption(line)
    n_more = len(said.keys() & set(MORE))
    label = "More filters" + (f": {n_more} in use" if n_more else "")
    more = widgets.folded(label, key="more_filters", type="compact")
    grid = more.grid(4, min_column_width=widgets.FIELD) if more.open else None
    look = _Fields(grid, said)
    look.select("Truncated", "truncated", TRUNCATED)
    tokens = look.tokens()
    levels = look.levels(store.problems.levels(chosen, "held_out" if is_held_out else "train"))
    look.tags(tags.names(chosen))
    is_scored = chosen.config.has_rewards and not is_held_out and phase != "calibrate"
    scale = reward_scale(chosen)
    reward = look.reward(scale, is_scored=is_scored)
    return Filter(
        problem_ids=problems,
        statuses=[v for v in _listed_in(said, "verdict") if v in VERDICTS],
        phase=phase,
        truncated={"yes": True, "no": False}.get(said.get("truncated", "")),
        reward_range=looked_for(reward, scale) if is_scored else None,
        levels=levels,
        token_range=tokens,
        text=text,
        where=asked.condition,
        held_out_set=policy.set_id(chosen, phase) if policy and phase else "",
    )


def is_side_by_side() -> bool:
    """Whether the address asks for one problem with all its responses."""
    return st.query_params.get("view") == SIDE_BY_SIDE


def clear() -> None:
    """Look for everything."""
    state.keep(**dict.fromkeys(("problem", *state.FILTERS, state.ROW)))


def reward_scale(chosen: Iteration) -> Scale:
    """What rewards of responses are looked for in: [0, 1], or a range that holds them all."""
    if chosen.config.has_bounded_rewards:
        return UNIT
    spread = store.rewards.spread(chosen)
    return scale_of([spread.low, spread.high] if spread else [], is_bounded=False)


def reward_range(said: Said, scale: Scale = UNIT) -> tuple[float, float]:
    """The range that the address names; all of it where it names none that can be read.

    >>> reward_range({"reward": "-1.5--0.25"}, Scale(-2.0, 2.0)), reward_range({"reward": "2-x"})
    ((-1.5, -0.25), (0.0, 1.0))
    """
    whole, named = (scale.low, scale.high), _RANGE.fullmatch(said.get("reward", ""))
    low, high = map(float, named.groups()) if named else whole
    return (low, high) if scale.low <= low <= high <= scale.high else whole


def looked_for(said: tuple[float, float], scale: Scale = UNIT) -> tuple[float, float] | None:
    """What a range leaves, as inclusive ends: like a histogram's bin it is without its upper end,
    unless that is the scale's. None for all of it.

    >>> looked_for((0.9, 1.0)), looked_for((0.5, 0.5)), looked_for((0.0, 1.0))
    ((0.9, 1.0), (0.5, 0.5), None)
    >>> 0.1 < looked_for((0.05, 0.1))[1]
    False
    """
    low, high = said
    if said == (scale.low, scale.high):
        return None
    return (low, float(np.nextafter(high, low)) if high < scale.high else high)


def as_range(low: float, high: float, scale: Scale = UNIT) -> str | None:
    """A range of rewards as the address says it; None for all of them."""
    if (low, high) == (scale.low, scale.high):
        return None
    digits = 2 if scale == UNIT else scale.digits
    return f"{low:.{digits}f}-{high:.{digits}f}"


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy whose held-out responses are looked at, by its name, and all of the run's."""

    name: str
    policies: dict[str, RunPolicy]

    @property
    def number(self) -> int:
        return self.policies[self.name].number

    def set_id(self, chosen: Iteration, phase: str) -> str:
        sets = evaluation_sets(chosen.config, self.policies[self.name].policy_id, self.number)
        return next(samples.id for samples in sets if samples.purpose == phase)

    def evaluation(self, chosen: Iteration, name: str) -> Evaluation | None:
        of = self.policies[name]
        return evaluation(chosen.at(of.number), of.policy_id)


def _policy(chosen: Iteration, look: "_Fields") -> Policy:
    """The one that the address names, else the one that this iteration made, else its own; of
    several from one iteration the one that the run goes on with.
    """
    policies = run_policies(state.database(), chosen.run_id)
    going = {of.number: name for name, of in policies.items() if of.goes_on}
    newest = going[min(chosen.number + 1, max(going))]
    asked = f"M{look.said.get('policy', '')}"
    name = asked if asked in policies else newest
    look.select("Policy", "policy", _labelled(policies), at=name[1:])
    look.select("Against M0", "change", CHANGES, disabled=policies[name].number == 0)
    return Policy(name, policies)


def _labelled(policies: dict[str, RunPolicy]) -> dict[str, str]:
    """Labels by what the address says; of several policies of one iteration, with which of them the
    run goes on.
    """
    n_beside = Counter(of.number for of in policies.values())
    goes_on = [name for name, of in policies.items() if of.goes_on and n_beside[of.number] > 1]
    return {
        name[1:]: f"{name}, with which the run goes on" if name in goes_on else name
        for name in policies
    }


def _problems(
    chosen: Iteration, said: Said, names: Sequence[str], policy: Policy | None
) -> tuple[list[str] | None, list[str]]:
    """Ids of the problems that are looked for, None for all, and why a filter says nothing."""
    sets: list[list[str]] = []
    why: list[str] = []
    if names:
        sets.append(_of_classes(chosen, names))
    change = said.get("change", "")
    if policy and policy.number and change in CHANGES and change:
        before, after = (policy.evaluation(chosen, name) for name in ("M0", policy.name))
        if before is None or after is None:
            why.append(
                f"M0 or {policy.name} is not evaluated completely yet: what is newly solved"
                " cannot be said."
            )
        else:
            pair = (before, after) if change == "solved" else (after, before)
            sets.append(newly_solved(*pair))
            why.append("By the greedy response, against that of M0.")
    if wanted := [unquote(tag) for tag in _listed_in(said, "tag")]:
        by_problem = store.tags.by_problem(chosen.db, chosen.run_id)
        sets.append([id for id, on_it in by_problem.items() if set(wanted) & set(on_it)])
    if problem := said.get("problem", "").strip():
        sets.append([problem])
    return _in_all(sets), why


def _in_all(sets: list[list[str]]) -> list[str] | None:
    if not sets:
        return None
    return [id for id in sets[0] if all(id in other for other in map(set, sets[1:]))]


def _of_classes(chosen: Iteration, names: Sequence[str]) -> list[str]:
    """Problem ids in the classes: as committed, else as the thresholds stand now."""
    if store.commits.find(chosen):
        rows = store.commits.allocation(chosen)
        return [row.problem_id for row in rows if Difficulty(row.difficulty).name in names]
    e = store.samples.estimates(chosen)
    now = choice.current(chosen, None, choice.last_commit(chosen))
    classes = plans.classes(chosen, e, now)
    return [id for id, c in zip(e.problem_ids.tolist(), classes) if Difficulty(c).name in names]


def _pills(said: Said, is_held_out: bool) -> list[str]:
    """Draw classes, which held-out problems do not have, and verdicts. Returns: the classes that
    are looked for.
    """
    first, second = widgets.columns([1, 2], least=240)
    names = [d.name for d in Difficulty]
    picked = [name for name in _listed_in(said, "class") if name in names]
    if not is_held_out:
        first.pills(
            "Class",
            names,
            format_func=str.capitalize,
            selection_mode="multi",
            wrap=True,
            **_entry("class", picked, joined),
        )
    elif picked:
        first.caption("Held-out problems have no class: that filter does not apply here.")
    second.pills(
        "Verdict",
        list(VERDICTS),
        format_func=VERDICTS.__getitem__,
        selection_mode="multi",
        wrap=True,
        **_entry("verdict", [v for v in _listed_in(said, "verdict") if v in VERDICTS], joined),
    )
    return [] if is_held_out else picked


@dataclass(frozen=True, slots=True)
class _Fields:
    """Fields in a grid, each in step with one value of the address."""

    grid: Any | None
    """None where nobody sees them: what the address says counts all the same."""
    said: Said

    def select(
        self, label: str, name: str, options: Mapping, *, at: str | None = None, disabled=False
    ) -> None:
        value = at or self.said.get(name, "")
        if self.grid:
            self.grid.selectbox(
                label,
                list(options),
                format_func=options.__getitem__,
                disabled=disabled,
                **_entry(name, value if value in options else "", lambda v: v),
            )

    def text(self, label: str, name: str, placeholder: str) -> str:
        value = self.said.get(name, "")
        if self.grid:
            self.grid.text_input(label, placeholder=placeholder, **_entry(name, value, str.strip))
        return value.strip()

    def tokens(self) -> tuple[int | None, int | None]:
        ends = (*self.said.get("tokens", "").split("-"), "")[:2]
        low, high = (int(end) if end.isdecimal() else None for end in ends)
        pair = {"low": low, "high": high}

        def ends_said(**changed: int | None) -> str | None:
            one = pair | changed
            numbers = ["" if one[n] is None else str(one[n]) for n in ("low", "high")]
            return "-".join(numbers) if any(numbers) else None

        if self.grid:
            for end, label in (("low", "Tokens, at least"), ("high", "Tokens, at most")):
                read = lambda v, end=end: ends_said(**{end: v})
                entry = _entry("tokens", pair[end], read, key=f"tokens_{end}")
                self.grid.number_input(label, 0, step=1, placeholder="any", **entry)
        return low, high

    def levels(self, known: list[str]) -> list[str]:
        said = ["" if v == NO_LEVEL else unquote(v) for v in _listed_in(self.said, "level")]
        given = [level for level in said if level in known]
        if self.grid and len(known) > 1:
            self.grid.multiselect(
                "Level",
                known,
                format_func=lambda level: level or "none",
                placeholder="Any",
                **_entry("level", given, _joined_levels),
            )
        return given

    def tags(self, known: list[str]) -> None:
        """Any of them; one that nothing has any more stays, so that it can be taken away."""
        given = [unquote(tag) for tag in _listed_in(self.said, "tag")]
        options = list(dict.fromkeys([*known, *given]))
        if self.grid and options:
            self.grid.multiselect(
                "Tag", options, placeholder="Any", **_entry("tag", given, _joined_levels)
            )

    def reward(self, scale: Scale, *, is_scored: bool) -> tuple[float, float]:
        value = reward_range(self.said, scale)
        if self.grid:
            self.grid.slider(
                "Process reward",
                scale.low,
                scale.high,
                step=(scale.high - scale.low) / 100,
                disabled=not is_scored,
                help=UP_TO if is_scored else "These responses are not scored.",
                **_entry("reward", value, lambda v: as_range(v[0], v[1], scale)),
            )
        return value


def _entry(name: str, value: Any, read: Callable[[Any], str | None], *, key: str = "") -> dict:
    """As look.entry; the list begins anew then."""
    return entry(name, value, read, key=key, resets=(state.ROW,))


def _joined_levels(levels: Sequence[str]) -> str | None:
    return joined([quote(level) or NO_LEVEL for level in levels])


def _listed_in(said: Said, name: str) -> list[str]:
    return listed(said.get(name, ""))
