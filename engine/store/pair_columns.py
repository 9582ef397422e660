"""What a condition on the pairs of an iteration can name, and what that is in the queries of
store.pairs and store.exports: pairs p with the joins of PAIR_TEXTS and h, who made them by hand.
"""

from engine.method.conditions import Kind

COLUMNS: dict[str, Kind] = {
    "chosen_reward": "number",
    "rejected_reward": "number",
    "margin": "number",
    "pass_rate": "number",
    "by_hand": "bool",
    "class": "text",
    "level": "text",
    "domain": "text",
    "problem_id": "text",
    "question": "text",
    "chosen": "text",
    "rejected": "text",
}
"""What a condition on pairs can name. pass_rate is that of all graded training responses to the
problem in the iteration, class that of its commit.
"""
_CLASS = """(SELECT ['inlier', 'boundary', 'outlier'][a.difficulty + 1] FROM allocations a
    WHERE a.run_id = i.run_id AND a.iteration = i.iteration AND a.problem_id = p.problem_id)"""
_PASS_RATE = """(SELECT avg(w.correct::INTEGER) FROM judged w
    WHERE w.problem_id = p.problem_id AND (w.set_id = i.resample_set
        OR (w.set_id = i.presample_set AND w.idx < runs.n_presample)))"""
SQL = {
    "chosen_reward": "p.chosen_reward",
    "rejected_reward": "p.rejected_reward",
    "margin": "(p.chosen_reward - p.rejected_reward)",
    "pass_rate": _PASS_RATE,
    "by_hand": "(h.made_by IS NOT NULL)",
    "class": _CLASS,
    "level": "q.level",
    "domain": "q.domain",
    "problem_id": "p.problem_id",
    "question": "q.question",
    "chosen": "c.text",
    "rejected": "x.text",
}
