"""DAST's length control: prompts that show worked examples of the problem's own level, taken from
the problems trained on.
"""

from collections.abc import Callable, Mapping

from engine import store
from engine.method.dast import (
    CUTOFFS,
    Level,
    WorkedExample,
    dast_levels,
    length_prompt,
    matched_examples,
)
from engine.method.seeds import stable_hash
from engine.study.handle import Iteration
from engine.types import Problem, SampleSet

Prompts = Callable[[Mapping[str, Problem]], dict[str, str]]
"""From problems to their prompts, both by id."""


def prompts_with_examples(
    it: Iteration, samples: SampleSet, problems: Mapping[str, Problem]
) -> Prompts:
    """How a sample set's prompts show worked examples; problems of one level are shown the same
    ones, none its own.

    A problem whose level is unknown, or has no problem with a worked solution, is shown without
    examples.

    Args:
        problems: those that examples are taken from.
    """
    levels = levels_of(it)
    pool = [
        WorkedExample(p.question, p.solution, levels[id])
        for id, p in problems.items()
        if p.solution and id in levels
    ]
    n, seed = samples.settings.n_examples, stable_hash(samples.seed, "examples", it.number)
    by_level = {level: matched_examples(level, pool, n + 1, seed) for level in Level}

    def prompt(id: str, question: str) -> str:
        examples = by_level[levels[id]] if id in levels else ()
        others = [example for example in examples if example.question != question][:n]
        return length_prompt(samples.settings.prompt_template, question, others)

    return lambda shown: {id: prompt(id, p.question) for id, p in shown.items()}


def levels_of(it: Iteration) -> dict[str, Level]:
    """DAST's level by problem id, from M_0's pre-samples where all iterations use the same
    problems.

    The cut-offs are those that the iteration's commit bound, the default ones where its strategy
    has none.
    """
    commit = store.commits.find(it)
    cutoffs = tuple(commit.options.get("cutoffs", CUTOFFS)) if commit else CUTOFFS
    is_fixed = it.config.problems.per_iteration == "fixed"
    e = store.samples.estimates(it.at(0) if is_fixed else it)
    levels = dast_levels(e.n_correct, e.n, cutoffs=cutoffs).tolist()
    return dict(zip(e.problem_ids.tolist(), map(Level, levels)))
