"""What a condition on the training problems of an iteration can name."""

from engine.method.conditions import Kind

COLUMNS: dict[str, Kind] = {
    "pass_rate": "number",
    "n_correct": "number",
    "n": "number",
    "phi_r": "number",
    "n_more": "number",
    "in_pool": "bool",
    "class": "text",
    "level": "text",
    "domain": "text",
    "problem_id": "text",
    "question": "text",
    "answer": "text",
}
"""pass_rate, n_correct, n and phi_r (the mean process reward) are those of the pre-samples; class,
n_more and in_pool those of the commit.
"""
