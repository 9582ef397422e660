"""A second opinion on verdicts: a language model on a server is asked whether an answer means what
its reference means. It is asked only where the rules say no, its opinion stands beside the verdict,
and a person or a setting says what counts.
"""

from engine.judging.agreement import Agreement, agreement, sample_to_label
from engine.judging.asking import Asked, ask_judge
from engine.judging.server import Judge

__all__ = ["Agreement", "Asked", "Judge", "agreement", "ask_judge", "sample_to_label"]
