"""What a condition on the responses of an iteration can name, and what that is in the queries of
store.responses: responses r to problems of iteration i, with the joins v, s and o.
"""

from engine.method.conditions import Kind

COLUMNS: dict[str, Kind] = {
    "n_tokens": "number",
    "reward": "number",
    "pass_rate": "number",
    "n_more": "number",
    "index": "number",
    "correct": "bool",
    "truncated": "bool",
    "in_pool": "bool",
    "status": "text",
    "class": "text",
    "level": "text",
    "phase": "text",
    "text": "text",
    "predicted": "text",
    "problem_id": "text",
    "question": "text",
    "answer": "text",
    "domain": "text",
}
"""What a condition on responses can name. pass_rate is that of all graded pre-samples and resamples
of the problem in the iteration; class, n_more and in_pool are those of its commit.
"""
_ALLOCATED = """(SELECT {} FROM allocations a WHERE a.run_id = i.run_id
    AND a.iteration = i.iteration AND a.problem_id = r.problem_id)"""
_OF_PROBLEM = "(SELECT q.{} FROM problems q WHERE q.id = r.problem_id)"
SQL = {
    "n_tokens": "r.n_tokens",
    "reward": "s.reward",
    "pass_rate": """(SELECT avg(w.correct::INTEGER) FROM judged w
        WHERE w.problem_id = r.problem_id AND (w.set_id = i.resample_set
            OR (w.set_id = i.presample_set AND w.idx < runs.n_presample)))""",
    "n_more": _ALLOCATED.format("a.n_more"),
    "index": "r.idx",
    "correct": "v.correct",
    "truncated": "(r.finish_reason = 'length')",
    "in_pool": _ALLOCATED.format("a.in_pool"),
    "status": "coalesce(v.status, 'ungraded')",
    "class": _ALLOCATED.format("['inlier', 'boundary', 'outlier'][a.difficulty + 1]"),
    "level": _OF_PROBLEM.format("level"),
    "phase": "o.purpose",
    "text": "r.text",
    "predicted": "v.predicted",
    "problem_id": "r.problem_id",
    "question": _OF_PROBLEM.format("question"),
    "answer": _OF_PROBLEM.format("answer"),
    "domain": _OF_PROBLEM.format("domain"),
}
