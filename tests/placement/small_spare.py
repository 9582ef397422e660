"""A spare child that imports nothing; its children say who they are and end with their input.

python -m tests.placement.small_spare SOCKET_FD
"""

import os
import sys

from engine.placement import spare


def work(answers: int) -> None:
    os.write(answers, f"{os.getpgid(0)} {os.environ['WORD']}\n".encode())
    print("heard", sys.stdin.read())
    sys.exit(3)


if __name__ == "__main__":
    spare.PRELOADED = ()
    spare.serve(int(sys.argv[1]), work)
