"""Print the exact version of everything that requirement files install, from this environment:
make lock.

What they ask for is followed through the installed packages' own requirements, so that a tool that
somebody added by hand stays out.
"""

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HEAD = """\
# Written by `make lock`: what {files} installed together.
# `make install` installs the same, so that a fresh install next year is the one that was tested.
# A build's own suffix, such as torch's +cpu, is left out: the CPU and the CUDA build of a version
# satisfy the same line. What torch's CUDA build brings with it (nvidia-*, triton) is not listed:
# torch says which of those it needs.
"""


def main(files: list[str]) -> str:
    """The text of constraints.txt. Exits with a sentence where the environment lacks something."""
    pins: dict[str, str] = {}
    owed = [(one, frozenset(one.extras)) for file in files for one in asked(Path(file))]
    seen = set()
    while owed:
        wanted, extras = owed.pop()
        name = canonicalize_name(wanted.name)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        pins[name] = installed(wanted)
        owed += [(one, frozenset(one.extras)) for one in required(name, extras)]
    head = HEAD.format(files=" and ".join(files))
    return head + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))


def asked(file: Path) -> list[Requirement]:
    """The requirements of a file that apply to this machine."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    found = [Requirement(line) for line in lines if line]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def required(name: str, extras: frozenset[str]) -> list[Requirement]:
    """What an installed package requires here, with those extras of its own."""
    found = [Requirement(line) for line in distribution(name).requires or []]
    return [
        one
        for one in found
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in ("", *extras))
    ]


def installed(wanted: Requirement) -> str:
    """The public part of the installed version, which must be one that is wanted."""
    try:
        version = Version(distribution(wanted.name).version)
    except PackageNotFoundError:
        sys.exit(f"{wanted.name} is not installed here: install the requirements first.")
    if not wanted.specifier.contains(version, prereleases=True):
        sys.exit(f"{wanted.name} {version} is installed, and {wanted} is required.")
    return version.public


if __name__ == "__main__":
    print(main(sys.argv[1:]), end="")
