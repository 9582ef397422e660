"""The child process: one backend, calls in on standard input, results out on a pipe of its own, one
JSON line each.

    python -m engine.placement.worker WRITE_FD
    python -m engine.placement.worker spare SOCKET_FD    (engine.placement.spare)

Under `accelerate launch` every rank is such a process: the first hears and speaks, the others do
what it was told. Whatever libraries print goes to the parent's log file. The process, and all it
started, ends when its standard input closes, so that the death of the parent, even by SIGKILL,
leaves nothing running.
"""

import json
import queue
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict

from engine.config.backends import BackendEntry
from engine.errors import EngineError, in_one_line
from engine.placement import wire
from engine.placement.backends import Backend, open_backend
from engine.placement.spare import serve
from engine.training import ranks

REPORT_S = 1.0
"""Between two looks at what a sampler is at."""

GRACE_S = 10.0
"""How long a rank that failed leaves the first one to say the same failure, which otherwise waits
for it without end.
"""


def main(write_fd: int) -> None:
    with ranks.open_pipe(write_fd) as pipe:
        calls: queue.Queue[bytes] = queue.Queue()
        stop = threading.Event()
        if ranks.is_first():
            threading.Thread(target=_listen, args=(calls, stop), daemon=True).start()

        turn = threading.Lock()

        def say(line: bytes, *, is_error: bool = False) -> None:
            if ranks.is_first():
                with turn:
                    pipe.write(line)
                    pipe.flush()
            elif is_error:
                time.sleep(GRACE_S)
                ranks.leave(1)

        opened: list = []

        def open_it():
            request = json.loads(ranks.from_first(calls.get))
            opened.append(
                open_backend(Backend(**request["backend"]), BackendEntry(**request["entry"]))
            )
            yield "open", True

        _answer(say, open_it())
        if not opened:
            return
        while True:
            call = ranks.from_first(calls.get)
            stop.clear()
            with _reporting(opened[0], say):
                _answer(say, _results(opened[0], call, stop))


def _results(backend, line: bytes, stop: threading.Event):
    call = wire.read_call(line)
    assert call is not None, "whatever is no message is a call"
    method, arguments = call
    if method == "train":
        results = backend.train(*arguments, stop.is_set)
    elif method == "score":
        results = [backend.score(*arguments)]
    else:
        results = backend.sample(*arguments)
    for result in results:
        yield method, result


@contextmanager
def _reporting(backend, say):
    """Say now and then what a sampler is at, from a thread of its own: it answers only when
    responses finish.
    """
    done = threading.Event()

    def report() -> None:
        said = None
        while not done.wait(REPORT_S):
            in_flight = getattr(backend, "in_flight", None)
            if in_flight is not None and in_flight != said:
                say(wire.message_line({"in_flight": asdict(in_flight)}))
                said = in_flight

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _answer(say, results) -> None:
    try:
        for method, result in results:
            say(wire.result_line(method, result))
        say(wire.message_line({"end": True}))
    except EngineError as error:
        message = {"error": str(error), "kind": type(error).__name__}
        say(wire.message_line(message), is_error=True)
    except Exception as error:
        import traceback

        traceback.print_exc()
        sentence = f"{in_one_line(error)}. The worker's log has the rest."
        message = {"error": sentence, "kind": "EngineError"}
        say(wire.message_line(message), is_error=True)


def _listen(calls: queue.Queue, stop: threading.Event) -> None:
    for line in sys.stdin.buffer:
        if line == wire.message_line({"stop": True}):
            stop.set()
        else:
            calls.put(line)
    ranks.leave(0)


if __name__ == "__main__":
    if sys.argv[1] == "spare":
        serve(int(sys.argv[2]), main)
    else:
        main(int(sys.argv[1]))
