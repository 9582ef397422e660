"""Which database this process serves."""

import argparse
import sys
from functools import cache
from pathlib import Path

from engine.paths import DEFAULT_DB, expanded


def database_path() -> Path:
    return _database_path(tuple(sys.argv[1:]))


@cache
def _database_path(arguments: tuple[str, ...]) -> Path:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--db", default=str(DEFAULT_DB))
    return expanded(parser.parse_known_args(arguments)[0].db).resolve()
