"""What openai_api costs our own process: its CPU time per request against a bare aiohttp client of
the same vLLM server, in turn.

Ratios are bare / ours: 1 means that retries, load spreading and the protocol cost nothing, 0.9 that
they cost a ninth more. The server's own CPU counts for nobody; it decides the end-to-end figures.
The bare client is the cheapest of three that were tried: see docs/decisions.md.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path

from benchmarks.model_servers import serve_policy
from benchmarks.rows import Row, against
from engine.method.seeds import stable_hash
from engine.models.weights import content_id
from engine.paths import STARTER
from engine.placement import Backend, Workers
from engine.samplers.openai_api import OpenAiSampler
from engine.types import Request, SamplingSettings

N_REQUESTS, N_IN_FLIGHT, N_RUNS = 512, 64, 5
SETTINGS = SamplingSettings(temperature=1.0, top_p=0.95, max_new_tokens=16)
POLICY = str(STARTER / "policy")


def requests(n_requests: int = N_REQUESTS) -> list[Request]:
    """Starter problems, 8 responses each."""
    with (STARTER / "held_out.jsonl").open() as file:
        questions = [json.loads(line)["question"] for line in islice(file, n_requests // 8)]
    return [
        Request(f"p{p}", i, stable_hash("bench", p, i), q + "\n")
        for p, q in enumerate(questions)
        for i in range(8)
    ]


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        server = serve_policy(POLICY, Path(folder) / "log").wait()
        placement = Workers(Path(folder))
        try:
            return _measure(server.url, placement)
        finally:
            placement.release()
            server.kill()


def _measure(url: str, placement: Workers) -> list[Row]:
    asked = requests()
    options = {"base_urls": [url], "policy_id": content_id(Path(POLICY)), "batch_size": N_IN_FLIGHT}
    inline = OpenAiSampler(POLICY, **options)
    worker = placement.get(Backend("openai_api", POLICY, options))
    ways: dict[str, Callable[[], int]] = {
        "ours": lambda: sum(map(len, inline.sample(asked, SETTINGS))),
        "worker": lambda: sum(map(len, worker.sample(asked, SETTINGS))),
        "aiohttp": lambda: asyncio.run(_bare_aiohttp(url, asked)),
    }
    spent = {name: ([], []) for name in ways}
    for turn in range(-1, N_RUNS):
        for name, run in ways.items():
            cpu, wall = _timed(run, worker.pid if name == "worker" else None)
            if turn >= 0:
                spent[name][0].append(1e3 * cpu / N_REQUESTS), spent[name][1].append(wall)
    ours, ours_wall = spent["ours"]
    return [
        against("servers: CPU/request, bare aiohttp : openai_api", spent["aiohttp"][0], ours, "ms"),
        against("servers: CPU/request, inline : in a worker", ours, spent["worker"][0], "ms"),
        against("servers: wall, openai_api : bare aiohttp", ours_wall, spent["aiohttp"][1], "s"),
        against(
            "servers: wall, in a worker : bare aiohttp",
            spent["worker"][1],
            spent["aiohttp"][1],
            "s",
        ),
    ]


def _timed(run: Callable[[], int], child: int | None) -> tuple[float, float]:
    """(CPU seconds of this process, and of a child; wall seconds)."""
    import psutil

    def cpu() -> float:
        times = psutil.Process(child).cpu_times() if child else None
        return time.process_time() + (times.user + times.system if times else 0.0)

    cpu_before, started = cpu(), time.perf_counter()
    if run() != N_REQUESTS:
        raise AssertionError("not every request was answered")
    return cpu() - cpu_before, time.perf_counter() - started


def _body(request: Request) -> dict:
    s = SETTINGS
    return {
        "model": POLICY,
        "prompt": request.prompt,
        "max_tokens": s.max_new_tokens,
        "temperature": s.temperature,
        "top_p": s.top_p,
        "seed": request.seed % 2**63,
    }


async def _bare(asked: list[Request], post: Callable[[dict], Awaitable[dict]]) -> int:
    waiting, texts = iter(asked), []

    async def slot() -> None:
        for request in waiting:
            texts.append((await post(_body(request)))["choices"][0]["text"])

    await asyncio.gather(*[slot() for _ in range(N_IN_FLIGHT)])
    return len(texts)


async def _bare_aiohttp(url: str, asked: list[Request]) -> int:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=N_IN_FLIGHT)) as session:

        async def post(body: dict) -> dict:
            async with session.post(f"{url}/completions", json=body) as answer:
                return await answer.json()

        return await _bare(asked, post)
