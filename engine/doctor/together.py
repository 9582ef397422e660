"""The findings on several configurations as one list: what is said of all is said once. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.doctor.finding import Finding


def joined(examined: Mapping[str, Sequence[Finding]]) -> list[Finding]:
    """Findings by the order in which they are first about something. What is not the same for all
    begins with the names of those it is about; of memory that fits, only the largest need is said.

    Args:
        examined: findings by name of what was examined.
    """
    names: dict[str, dict[Finding, list[str]]] = {}
    for name, findings in examined.items():
        for finding in findings:
            names.setdefault(finding.about, {}).setdefault(finding, []).append(name)
    return [
        finding if len(of) == len(examined) else _named(finding, of)
        for about in names.values()
        for finding, of in _largest(about).items()
    ]


def _largest(about: dict[Finding, list[str]]) -> dict[Finding, list[str]]:
    """Of findings on one need of memory those that keep from running, else the one with the
    largest; others are left as they are.
    """
    if all(finding.need_bytes is None for finding in about):
        return about
    refused = {f: of for f, of in about.items() if f.keeps_from_running}
    largest = max(about, key=lambda finding: finding.need_bytes or 0)
    return refused or {largest: about[largest]}


def _named(finding: Finding, names: Sequence[str]) -> Finding:
    return replace(finding, text=f"{', '.join(names)}: {finding.text}")
