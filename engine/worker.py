"""The child process: one backend, calls in on standard input, results out on a pipe of its own, one JSON line each.

    python -m engine.worker WRITE_FD

Whatever libraries print goes to the parent's log file. The process, and all it started, ends when its standard input closes,
so that the death of the parent, even by SIGKILL, leaves nothing running.
"""

import json
import os
import queue
import signal
import sys
import threading

from engine import wire
from engine.errors import EngineError
from engine.placement import Backend, open_backend


def main(write_fd: int) -> None:
    with os.fdopen(write_fd, "w", buffering=1) as pipe:
        calls: queue.Queue[dict] = queue.Queue()
        stop = threading.Event()
        threading.Thread(target=_listen, args=(calls, stop), daemon=True).start()

        def say(message: dict) -> None:
            pipe.write(json.dumps(message) + "\n")
            pipe.flush()

        opened: list = []

        def open_it():
            opened.append(open_backend(Backend(**calls.get())))
            yield "open", True

        _answer(say, open_it())
        if not opened:
            return
        while True:
            call = calls.get()
            stop.clear()
            _answer(say, _results(opened[0], call, stop))


def _results(backend, call: dict, stop: threading.Event):
    method = call["call"]
    arguments = wire.load_arguments(method, call["arguments"])
    if method == "train":
        results = backend.train(*arguments, stop.is_set)
    elif method == "score":
        results = [backend.score(*arguments)]
    else:
        results = backend.sample(*arguments)
    for result in results:
        yield method, result


def _answer(say, results) -> None:
    try:
        for method, result in results:
            say({"result": wire.dump_result(method, result)})
        say({"end": True})
    except EngineError as error:
        say({"error": str(error), "kind": type(error).__name__})
    except Exception as error:
        import traceback

        traceback.print_exc()
        say({"error": f"{type(error).__name__}: {error}", "kind": "EngineError"})


def _listen(calls: queue.Queue, stop: threading.Event) -> None:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if message.get("stop"):
            stop.set()
        else:
            calls.put(message)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
