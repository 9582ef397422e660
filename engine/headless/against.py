"""What a problem set is compared with for contamination: the registered suites' sets, and whatever
a person names. It reads no problem itself.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.headless.suites import SuiteSet, load_suite
from engine.paths import SUITES
from engine.problems import hub_name
from engine.problems.overlap import Against
from engine.problems.rows import files_of


def sets_against(given: Sequence[Path], *, but: Path | None = None) -> list[Against]:
    """Every registered set, where it lies in a given folder or beside its suite, and everything
    else that was given: files, and files of folders.

    A registered set that is not on this machine is listed too, to be named as not checked.

    Args:
        but: the file that is compared, which is left out.

    Raises: ProblemSetError: a given path is nowhere.
    """
    files: dict[str, Path] = {}
    for path in given:
        for file in files_of(path):
            if but is None or file.resolve() != but.resolve():
                files.setdefault(file.name, file)
    sets = [_registered(one, files) for suite in _suites() for one in load_suite(suite).sets]
    used = {one.source for one in sets}
    return [*sets, *(Against(name, file) for name, file in files.items() if file not in used)]


def _suites() -> list[str]:
    return sorted(path.stem for path in SUITES.glob("*.toml"))


def _registered(one: SuiteSet, files: dict[str, Path]) -> Against:
    if one.file in files:
        return Against(one.name, files[one.file])
    if one.source and not hub_name(one.source):
        if one.source.startswith("starter:") or Path(one.source).exists():
            return Against(one.name, one.source)
        return Against(one.name, None, f"There is no file {one.source}.")
    return Against(
        one.name, None, f"No {one.file or 'file of it'} lies in a folder given to compare with."
    )
