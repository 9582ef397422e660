"""Replies of a reward model that writes its judgements, for scripted servers."""

from collections.abc import Callable

MODEL = "some/Judge"


def listed(*, vllm: bool = False) -> tuple[int, dict]:
    more = {"owned_by": "vllm", "max_model_len": 512} if vllm else {}
    return 200, {"data": [{"id": "judge", "root": MODEL, **more}]}


def replied(text: str, tokens: list[tuple] = ()) -> tuple[int, dict]:
    """A chat completion. tokens: (text, {text: log probability}) of each, the sampled one among
    them."""
    content = [
        {
            "token": token,
            "logprob": likely[token],
            "top_logprobs": [{"token": t, "logprob": p} for t, p in likely.items()],
        }
        for token, likely in tokens
    ]
    choice = {"message": {"content": text}, "logprobs": {"content": content} if tokens else None}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    return 200, {"choices": [choice], "usage": usage}


def judge(reply: Callable[[dict], object], *, vllm: bool = False, asked: list | None = None):
    """Answers a scripted server with what `reply` makes of each request."""

    def answer(path, body, headers):
        if path.endswith("/models"):
            return listed(vllm=vllm)
        if asked is not None:
            asked.append(body)
        return reply(body)

    return answer


def all_right(body: dict) -> tuple[int, dict]:
    """A chain that calls every step correct but one with the word wrong in it."""
    steps = body["messages"][0]["content"].partition("[Solution]")[2].split("Step ")[1:]
    said = [r"\boxed{incorrect}" if "wrong" in step else r"\boxed{correct}" for step in steps]
    return replied(" ".join(f"Step {n} is {label}." for n, label in enumerate(said, 1)))
