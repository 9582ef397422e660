"""What requests in flight buy a reward model that writes its judgements: the same responses judged
by a real vLLM server with many requests in flight, and with one.

The judge is the small real model, which was never taught to judge: most of what it writes cannot be
read, and its speed does not depend on that.
"""

import tempfile
from pathlib import Path

from benchmarks.model_servers import serve_policy
from benchmarks.rewards import reviewed
from benchmarks.rows import Row, against, interleaved
from engine.rewards.generative import GenerativeReward
from engine.small_lm import build
from engine.small_lm.folder import POLICY

N_RESPONSES, N_RUNS = 16, 5
MAX_TOKENS = 48


def measure() -> list[Row]:
    """Raises: ConfigError where the weights of the small model are not installed."""
    with tempfile.TemporaryDirectory() as folder:
        policy = str(build(Path(folder) / "lm", say=print).folder / POLICY)
        server = serve_policy(policy, Path(folder) / "log").wait()
        try:
            return [_row(layout, policy, server.url) for layout in ("think_prm", "gen_prm")]
        finally:
            server.kill()


def _row(layout: str, policy: str, url: str) -> Row:
    many, one = (
        GenerativeReward(
            policy, layout=layout, base_urls=(url,), max_tokens=MAX_TOKENS, n_in_flight=n
        )
        for n in (N_RESPONSES, 1)
    )
    items = reviewed(N_RESPONSES)
    times = interleaved(lambda: many.score(items), lambda: one.score(items), N_RUNS)
    return against(f"judges: {layout}, {N_RESPONSES} in flight against one by one", *times, "s")
