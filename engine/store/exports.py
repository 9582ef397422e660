"""Reads behind the exports: everything the store holds for a run, as Arrow batches in a bounded
amount of memory.

Long tables are read in slices of problems, because sorting a million response texts at once holds
them all in memory.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.store import pair_columns, response_columns
from engine.store.connection import Database
from engine.store.pairs import PAIR_TEXTS
from engine.store.runs import EVERY, RUNS

if TYPE_CHECKING:
    import pyarrow

SLICE = 10_000
"""Problems per query of a long table."""

_FURTHER = "/* further */"
"""Where a query takes columns that its table does not have."""

_JUDGED = """LEFT JOIN judged v ON v.set_id = r.set_id AND v.problem_id = r.problem_id
            AND v.idx = r.idx
        LEFT JOIN step_scores s ON s.set_id = r.set_id AND s.problem_id = r.problem_id
            AND s.idx = r.idx AND s.prm_id = runs.prm_id"""
_RESPONSE = """o.purpose, r.problem_id, q.question, q.answer, q.level,
            q.domain, q.details,
            r.idx AS "index", r.seed, r.text, r.finish_reason, r.n_tokens, r.answer_at,
            v.correct, v.predicted, v.status, v.reason, v.graded_correct, v.graded_status,
            v.override_note, v.overridden_by, v.overridden_at,
            s.scores AS step_scores, s.status AS score_status, s.reward,
            o.policy_id, runs.prm_id, o.id AS sample_set_id"""

_RESPONSES = f"""SELECT i.iteration, {_RESPONSE}{_FURTHER}
        FROM iterations i
        JOIN {RUNS} runs ON runs.id = i.run_id
        JOIN sample_sets o ON o.id IN (i.presample_set, i.resample_set)
        JOIN run_problems p ON p.run_id = i.run_id AND p.iteration IN (i.iteration, {EVERY})
            AND p.role = 'train'
        JOIN problems q ON q.id = p.problem_id
        JOIN responses r ON r.set_id = o.id AND r.problem_id = p.problem_id
            AND (o.purpose <> 'presample' OR r.idx < runs.n_presample)
        {_JUDGED}
        WHERE i.run_id = $run AND i.iteration = $t AND p.position BETWEEN $low AND $high
        ORDER BY p.position, r.idx"""
_SIDE = f"""SELECT x.iteration, json_extract(o.settings, '$.temperature')::DOUBLE AS temperature,
        {_RESPONSE}
        FROM side_samples x
        JOIN sample_sets o ON o.id = x.set_id
        JOIN {RUNS} runs ON runs.id = x.run_id
        JOIN run_problems p ON p.run_id = x.run_id AND p.problem_id = x.problem_id
            AND p.role = 'train' AND p.iteration IN (x.iteration, {EVERY})
        JOIN problems q ON q.id = p.problem_id
        JOIN responses r ON r.set_id = o.id AND r.problem_id = p.problem_id AND r.idx < x.n
        {_JUDGED}
        WHERE x.run_id = $run AND x.iteration = $t AND p.position BETWEEN $low AND $high
        ORDER BY p.position, o.id, r.idx"""
_DRAWN = f"""SELECT t.iteration, t.job_id, t.step, t.reward AS training_reward, t.is_discarded,
        {_RESPONSE}
        FROM train_draws t
        JOIN {RUNS} runs ON runs.id = t.run_id
        JOIN sample_sets o ON o.id = t.set_id
        JOIN run_problems p ON p.run_id = t.run_id AND p.problem_id = t.problem_id
            AND p.role = 'train' AND p.iteration IN (t.iteration, {EVERY})
        JOIN problems q ON q.id = t.problem_id
        JOIN responses r ON r.set_id = t.set_id AND r.problem_id = t.problem_id AND r.idx = t.idx
        {_JUDGED}
        WHERE t.run_id = $run AND t.iteration = $t AND p.position BETWEEN $low AND $high
        ORDER BY p.position, t.job_id, r.idx"""
_HELD_OUT = f"""SELECT o.iteration, {_RESPONSE}
        FROM sample_sets o
        JOIN {RUNS} runs ON runs.id = $run
        JOIN run_problems p ON p.run_id = runs.id AND p.role = 'held_out'
        JOIN problems q ON q.id = p.problem_id
        JOIN responses r ON r.set_id = o.id AND r.problem_id = p.problem_id
            AND r.idx < CASE o.purpose WHEN 'greedy' THEN 1 ELSE runs.n_evaluate END
        {_JUDGED}
        WHERE o.id = $set AND p.position BETWEEN $low AND $high
        ORDER BY p.position, r.idx"""
_PROBLEMS = f"""SELECT p.role, p.position,
            CASE WHEN p.iteration <> {EVERY} THEN p.iteration END AS iteration,
            p.problem_id, q.question, q.answer, q.level, q.solution, q.domain, q.details
        FROM run_problems p JOIN problems q ON q.id = p.problem_id
        WHERE p.run_id = $run AND p.role = $role AND ($t IS NULL OR p.iteration IN ($t, {EVERY}))
            AND p.position BETWEEN $low AND $high
        ORDER BY p.position"""
_PLAN = f"""SELECT a.iteration, a.problem_id, q.question, a.difficulty,
            CASE a.difficulty WHEN 0 THEN 'inlier' WHEN 1 THEN 'boundary' ELSE 'outlier' END
                AS "class",
            a.n_more, a.in_pool,
            c.tau_l, c.tau_h, c.mode, c.strategy, c.options, c.seed, c.made_by, c.made_at,
            d.what AS decision, d.made_by AS decided_by, d.made_at AS decided_at{_FURTHER}
        FROM allocations a
        JOIN commits c USING (run_id, iteration)
        JOIN problems q ON q.id = a.problem_id
        LEFT JOIN (
            SELECT iteration, problem_id, arg_max_null(what, number) AS what,
                arg_max(made_by, number) AS made_by, arg_max(made_at, number) AS made_at
            FROM decisions WHERE run_id = $run
            GROUP BY ALL HAVING arg_max_null(what, number) IS NOT NULL) d
            ON d.iteration = a.iteration AND d.problem_id = a.problem_id
        WHERE a.run_id = $run AND ($t IS NULL OR a.iteration = $t)
        ORDER BY a.iteration, a.problem_id"""
_PROMPTS = f"""SELECT p.position, p.problem_id, q.question, q.answer, q.level, q.domain, q.details,
            CASE a.difficulty WHEN 0 THEN 'inlier' WHEN 1 THEN 'boundary' WHEN 2 THEN 'outlier' END
                AS "class",
            a.n_more, a.in_pool
        FROM run_problems p JOIN problems q ON q.id = p.problem_id
        LEFT JOIN allocations a ON a.run_id = p.run_id AND a.iteration = $t
            AND a.problem_id = p.problem_id
        WHERE p.run_id = $run AND p.role = 'train' AND p.iteration IN ($t, {EVERY})
            AND p.position BETWEEN $low AND $high
        ORDER BY p.position"""
_METRICS = """SELECT j.iteration, m.job_id, m.attempt, m.step, m.n_steps, m.name, m.value,
            m.logged_at
        FROM metrics m JOIN jobs j ON j.id = m.job_id
        WHERE j.run_id = $run AND ($t IS NULL OR j.iteration = $t)
        ORDER BY j.number, m.attempt, m.step, m.name"""
_PAIRS = f"""SELECT p.iteration, p.position, p.problem_id, q.question,
            c.text AS chosen, x.text AS rejected, p.chosen_index, p.rejected_index,
            p.chosen_reward, p.rejected_reward, h.made_by AS paired_by,
            h.made_at AS paired_at{_FURTHER}
        FROM pairs p {PAIR_TEXTS}
        LEFT JOIN (
            SELECT problem_id, chosen_index, rejected_index, arg_max(made_by, number) AS made_by,
                arg_max(made_at, number) AS made_at
            FROM hand_pairs WHERE run_id = $run AND iteration = $t
            GROUP BY ALL HAVING arg_max(wanted, number)) h
            ON h.problem_id = p.problem_id AND h.chosen_index = p.chosen_index
                AND h.rejected_index = p.rejected_index
        WHERE p.run_id = $run AND p.iteration = $t AND p.position BETWEEN $low AND $high
        ORDER BY p.position"""
_OVERRIDES = """SELECT s.iteration, s.purpose, o.problem_id, o.idx AS "index", o.correct, o.note,
            o.made_by, o.made_at, o.set_id AS sample_set_id
        FROM overrides o JOIN sample_sets s ON s.id = o.set_id
        WHERE (list_contains($sets, o.set_id) OR o.set_id IN (
                SELECT unnest([presample_set, resample_set]) FROM iterations WHERE run_id = $run
                    AND ($t IS NULL OR iteration = $t)) OR o.set_id IN (
                SELECT set_id FROM train_draws WHERE run_id = $run
                    AND ($t IS NULL OR iteration = $t)))
            AND o.problem_id IN (SELECT problem_id FROM run_problems WHERE run_id = $run)
        ORDER BY o.number"""
_TAGS = """SELECT problem_id, tag, wanted, made_by, made_at FROM tags
        WHERE run_id = $run AND ($t IS NULL OR problem_id IN (
            SELECT problem_id FROM run_problems WHERE run_id = $run
                AND (role = 'held_out' OR iteration IN ($t, -1))))
        ORDER BY number"""

_IN_SLICES = {
    "responses": (_RESPONSES, "run_problems"),
    "side_responses": (_SIDE, "run_problems"),
    "drawn_responses": (_DRAWN, "run_problems"),
    "pairs": (_PAIRS, "pairs"),
    "prompts": (_PROMPTS, "run_problems"),
}
"""Query of an iteration, and the table whose positions it goes by."""

FURTHER = {
    "responses": {
        name: response_columns.SQL[name]
        for name in ("phase", "truncated", "pass_rate", "class", "n_more", "in_pool")
    },
    "pairs": {
        name: pair_columns.SQL[name]
        for name in ("level", "domain", "margin", "by_hand", "class", "pass_rate")
    },
    "plan": {name: f"q.{name}" for name in ("answer", "level", "domain")},
}
"""What a condition on the rows of a table can name beside its columns, as SQL in its query."""

Query = tuple[str, dict[str, Any]]


def batches(
    db: Database,
    what: str,
    run_id: str,
    *,
    iteration: int | None = None,
    held_out_sets: Sequence[str] = (),
    further: Sequence[str] = (),
) -> Iterator["pyarrow.RecordBatch"]:
    """The rows of one table in the run's order; the first batch is empty and knows the columns.

    Args:
        what: problems, responses, side_responses, drawn_responses, held_out_responses, plan, pairs,
            metrics, overrides or tags; prompts for an iteration's training problems with their part
            in its plan, if it has one.
        iteration: None for all of them, and for the problems that belong to none.
        held_out_sets: ids of the sample sets with which the run's policies were evaluated.
        further: names of FURTHER[what] that come behind the table's own columns.
    """
    also = "".join(f', {FURTHER[what][name]} AS "{name}"' for name in further)
    queries = _queries(db, what, run_id, iteration, held_out_sets)
    return db.batches([(sql.replace(_FURTHER, also), values) for sql, values in queries])


def n_responses(db: Database, run_id: str) -> int:
    """About how many responses the sample sets of a run hold: quick, for deciding how to hand them
    over.
    """
    return db.value(
        """SELECT count(*) AS n FROM responses WHERE set_id IN (
            SELECT unnest([presample_set, resample_set]) FROM iterations WHERE run_id = ?)""",
        [run_id],
    )


def _queries(
    db: Database, what: str, run_id: str, t: int | None, held_out_sets: Sequence[str]
) -> list[Query]:
    """At least one, so that a table without rows has columns."""
    run = {"run": run_id}
    if what == "overrides":
        return [(_OVERRIDES, {**run, "t": t, "sets": list(held_out_sets)})]
    if what in ("plan", "metrics", "tags"):
        of = {"plan": _PLAN, "metrics": _METRICS, "tags": _TAGS}
        return [(of[what], {**run, "t": t})]
    if what == "held_out_responses":
        slices = _slices(db, "run_problems", "run_id = $run AND role = 'held_out'", run)
        return [
            (_HELD_OUT, {**run, "set": id, **part})
            for id in held_out_sets or [""]
            for part in slices
        ]
    if what == "problems":
        whose = [{**run, "role": role, "t": t} for role in ("train", "held_out")]
        one = f"run_id = $run AND role = $role AND ($t IS NULL OR iteration IN ($t, {EVERY}))"
        return [
            (_PROBLEMS, {**values, **part})
            for values in whose
            for part in _slices(db, "run_problems", one, values)
        ]
    sql, table = _IN_SLICES[what]
    rows = db.rows(
        "SELECT iteration FROM iterations WHERE run_id = $run AND ($t IS NULL OR iteration = $t)"
        " ORDER BY ALL",
        {**run, "t": t},
    )
    each = [{**run, "t": row["iteration"]} for row in rows]
    return [
        (sql, {**v, **part})
        for v in each
        for part in _slices(db, table, f"run_id = $run AND iteration IN ($t, {EVERY})", v)
    ]


def _slices(db: Database, table: str, where: str, values: dict[str, Any]) -> list[dict[str, int]]:
    """Ranges of positions, ends included, that cover a table's rows."""
    [(first, last)] = db.tuples(
        f"SELECT coalesce(min(position), 0), coalesce(max(position), 0) FROM {table} WHERE {where}",
        values,
    )
    return [{"low": low, "high": low + SLICE - 1} for low in range(first, last + 1, SLICE)]
