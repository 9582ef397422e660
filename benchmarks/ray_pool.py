"""What ray_pool costs our own process: the driver's CPU time per request against a bare Ray driver
of the same two engines, in turn.

The bare driver is ten lines: an actor around the same sampler, half the requests to each of two,
the texts kept; no engine that fails is missed. Ratios are bare / ours for CPU and ours / bare for
wall time.
"""

import time

from benchmarks.rows import Row, against
from benchmarks.servers import N_RUNS, POLICY, SETTINGS, requests
from engine.samplers.hf_local import HfSampler
from engine.samplers.ray_pool import RaySampler

BATCH_SIZE = 64
N_REQUESTS = 4096


def measure() -> list[Row]:
    pool = RaySampler(POLICY, batch_size=BATCH_SIZE, n_engines=2)
    actors = _bare_actors()
    asked = requests(N_REQUESTS)
    ours, bares = ([], []), ([], [])
    for turn in range(-1, N_RUNS):
        for run, taken in (
            (lambda: sum(map(len, pool.sample(asked, SETTINGS))), ours),
            (lambda: _bare(actors, asked), bares),
        ):
            cpu, started = time.process_time(), time.perf_counter()
            if run() != N_REQUESTS:
                raise AssertionError("not every request was answered")
            if turn >= 0:
                (
                    taken[0].append(1e3 * (time.process_time() - cpu) / N_REQUESTS),
                    taken[1].append(time.perf_counter() - started),
                )
    pool.close()
    return [
        against("ray_pool: CPU/request, bare driver : ray_pool", bares[0], ours[0], "ms"),
        against("ray_pool: wall, ray_pool : bare driver", ours[1], bares[1], "s"),
    ]


def _bare_actors() -> list:
    """Two actors around the sampler, beside the pool's engines; they share its two CPUs and are
    never at work together with them.
    """
    import ray

    return [
        ray.remote(num_cpus=0)(HfSampler).remote(POLICY, batch_size=BATCH_SIZE) for _ in range(2)
    ]


def _bare(actors: list, asked: list) -> int:
    import ray

    half = len(asked) // 2
    streams = [
        actor.sample.options(num_returns="streaming").remote(part, SETTINGS)
        for actor, part in zip(actors, (asked[:half], asked[half:]))
    ]
    texts = []
    while streams:
        (stream,), _ = ray.wait(streams, num_returns=1)
        try:
            texts += [response.text for response in ray.get(next(stream))]
        except StopIteration:
            streams.remove(stream)
    return len(texts)
