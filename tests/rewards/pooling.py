"""Pooling servers for tests: loopback servers whose numbers come from a reward model in this
process, as vLLM gives them for token ids.
"""

import threading
from collections.abc import Callable

from engine.rewards.batched import ForwardReward, Row


def pooling(scorer: ForwardReward, name: str, *, whole: bool = False) -> Callable:
    """Answers as a server would that holds the scorer's model.

    Args:
        name: what the model is served as.
        whole: one number per text, not one per token.
    """
    turn = threading.Lock()

    def answer(path, body, headers):
        if path == "/v1/models":
            return 200, {"data": [{"id": name, "root": scorer.path, "owned_by": "vllm"}]}
        assert path == "/pooling" and body["model"] == name
        assert body["task"] == ("classify" if whole else "token_classify")
        ids = body["input"]
        ends = [len(ids) - 1] if whole else list(range(len(ids)))
        with turn:
            (right,) = scorer._forward([Row(("", ""), ids, ends)])
        return 200, {"data": [{"data": right if whole else [[1 - p, p] for p in right]}]}

    return answer
