"""DAST's length control: prompts that show worked examples of the problem's own level, taken from
the problems trained on.
"""

import json

from engine.method.dast import (
    CUTOFFS,
    Level,
    WorkedExample,
    dast_levels,
    length_prompt,
    matched_examples,
)
from engine.method.seeds import stable_hash
from engine.store import Database, commit_reads, reads
from engine.study import runs
from engine.types import Problem, SampleSet


def with_examples(
    db: Database, run_id: str, iteration: int, samples: SampleSet, problems: dict[str, Problem]
) -> dict[str, str]:
    """The prompt of every problem by id; problems of one level are shown the same examples, none
    its own.

    A problem whose level is unknown, or has no problem with a worked solution, is shown without
    examples.
    """
    levels = levels_of(db, run_id, iteration)
    pool = [
        WorkedExample(p.question, p.solution, levels[id])
        for id, p in problems.items()
        if p.solution and id in levels
    ]
    n, seed = samples.settings.n_examples, stable_hash(samples.seed, "examples", iteration)
    by_level = {level: matched_examples(level, pool, n + 1, seed) for level in Level}
    return {
        id: length_prompt(
            samples.settings.prompt_template,
            p.question,
            [
                example
                for example in by_level.get(levels.get(id), ())
                if example.question != p.question
            ][:n],
        )
        for id, p in problems.items()
    }


def levels_of(db: Database, run_id: str, iteration: int) -> dict[str, int]:
    """DAST's level by problem id, from M_0's pre-samples where all iterations use the same
    problems.

    The cut-offs are those that the iteration's commit bound, the default ones where its strategy
    has none.
    """
    bound = commit_reads.commit(db, run_id, iteration)
    cutoffs = tuple(json.loads(bound["options"]).get("cutoffs", CUTOFFS)) if bound else CUTOFFS
    first = 0 if runs.config_of(db, run_id).problems.per_iteration == "fixed" else iteration
    e = reads.estimates(db, run_id, first)
    return dict(
        zip(e.problem_ids.tolist(), dast_levels(e.n_correct, e.n, cutoffs=cutoffs).tolist())
    )
