"""Which responses a policy should not learn to write: those that were cut off, and those that ran
on into a turn that is not theirs.
"""

from typing import Literal

from engine import store
from engine.events import Key
from engine.grading.domains import ran_on
from engine.store.pairs import PoolResponse
from engine.study.handle import Iteration

Fault = Literal["cut", "ran on"]
"""It ended at the token limit, or it went on behind its turn, such as into the next question."""


def fault(it: Iteration, response: PoolResponse) -> Fault | None:
    """Why a response may not be chosen, or with SFT be trained on; None where it may."""
    if it.config.pairs.choose_truncated:
        return None
    if response.truncated:
        return "cut"
    rules = it.config.extraction()
    return "ran on" if ran_on(response.domain, response.text, rules) else None


FAULTS: dict[Fault, str] = {
    "cut": "ended at the token limit",
    "ran on": "went on behind its turn",
}


def why_no_pair(it: Iteration, chosen: PoolResponse, rejected: PoolResponse) -> str | None:
    """Why two responses to a problem can be no pair, in a sentence; None where they can."""
    if not chosen.correct or rejected.correct:
        index, verdict = (rejected.idx, "correct") if chosen.correct else (chosen.idx, "wrong")
        return (
            f"Response {index} is judged {verdict}: a chosen response is correct and a rejected one"
            " wrong. Override the verdict first where it is not right."
        )
    if why := fault(it, chosen):
        return (
            f"Response {chosen.idx} {FAULTS[why]}, and is not chosen unless pairs.choose_truncated"
            " is set."
        )
    for response in (chosen, rejected):
        if it.config.pairs.drop_truncated and response.truncated:
            return f"Response {response.idx} was cut, and pairs.drop_truncated leaves those out."
        if it.config.has_rewards and response.reward is None:
            return f"Response {response.idx} has no process reward yet: wait until it is scored."
    return None


def not_chosen(it: Iteration) -> dict[Key, Fault]:
    """The correct responses of an iteration's pool that may not be chosen, and why."""
    if it.config.pairs.choose_truncated:
        return {}
    responses = store.pairs.correct_responses(it)
    return {(r.problem_id, r.idx): why for r in responses if (why := fault(it, r))}
