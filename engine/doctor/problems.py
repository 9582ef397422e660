"""What a file of problems is like before it is stored, as findings. It stores nothing."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.doctor.finding import Finding
from engine.errors import ConfigError, EngineError
from engine.models.tokens import token_counter
from engine.models.weights import folder_here
from engine.problems.collecting import Listed
from engine.problems.golds import KINDS
from engine.problems.overlap import Against
from engine.problems.report import Odd, Progress, Report, Tokens
from engine.problems.staging import stage_problems

MAX_REASONS = 20


def examine_problem_file(
    source: str,
    *,
    policy: str,
    against: Sequence[Against] = (),
    mapping: Mapping[str, str] | None = None,
    on_progress: Progress = lambda done, total: None,
) -> tuple[Report, list[Finding]]:
    """Everything that can be said of a source. Blocks while it reads all of it.

    Args:
        source: as read_problems.
        policy: whose tokens questions are measured in: "starter", a folder or a hub id.
        against: sets to look for near-duplicates in.

    Raises: ProblemSetError: it cannot be read.
    """
    tokens, why = tokens_of_policy(policy)
    with tempfile.TemporaryDirectory(prefix="studio-doctor-") as folder:
        report = stage_problems(
            source,
            Path(folder),
            mapping=mapping,
            against=against,
            tokens=tokens,
            policy=policy,
            on_progress=on_progress,
        ).report
    return report, list(findings(report, why))


def tokens_of_policy(policy: str) -> tuple[Tokens | None, str]:
    """What counts a policy's tokens; None and why where nothing can."""
    try:
        folder = folder_here(policy, role="policy")
        if folder is None:
            return None, f"{policy} is not on this machine"
        return token_counter(str(folder)), ""
    except (EngineError, ConfigError) as error:
        return None, str(error)


def findings(report: Report, no_lengths: str = "") -> Iterator[Finding]:
    """A report in lines.

    Args:
        no_lengths: why lengths were not measured.
    """
    n = report.n_problems
    yield Finding(
        "read",
        "ok" if n else "change",
        f"{report.n_rows:,} rows: {n:,} problems, {report.repeats.n:,} duplicates,"
        f" {report.rejected.n:,} rejected",
    )
    yield from (Finding("reading", "note", said) for said in report.notes)
    yield from _rejected(report.rejected)
    if not n:
        return
    yield from _golds(report)
    yield _lengths(report, no_lengths)
    yield Finding("language", "note", counted(report.languages.most_common()) + " (a guess)")
    if report.lacking:
        yield Finding("domains", "change", report.lacking)
    for overlap in report.overlaps:
        is_clean = not overlap.not_checked and not overlap.n_here
        yield Finding("overlap", "ok" if is_clean else "note", overlap.sentence)
        for here, there in overlap.examples[:2]:
            yield Finding("overlap", "note", f"  {_short(here)!r} is like {_short(there)!r}")


def _rejected(rejected: Listed) -> Iterator[Finding]:
    kinds = sorted(rejected.kinds.values(), key=lambda reason: -reason.n)
    for reason in kinds[:MAX_REASONS]:
        where = f"{reason.n:,} rows, the first is {reason.first.place}"
        yield Finding("rejected", "note", f"{where}: {reason.first.reason}")
    if len(kinds) > MAX_REASONS:
        yield Finding("rejected", "note", f"and {len(kinds) - MAX_REASONS} other reasons")


def _golds(report: Report) -> Iterator[Finding]:
    kinds = [(kind, report.golds[kind]) for kind in KINDS if report.golds[kind]]
    yield Finding("golds", "ok", counted(kinds))
    if report.golds["sentinel"]:
        examples = ", ".join(map(repr, report.examples["sentinel"]))
        yield Finding(
            "golds",
            "note",
            f"{report.golds['sentinel']:,} are no answer, such as {examples}; a run leaves them"
            " out, unless problems.keep_unanswerable is set",
        )
    yield _odd("golds", report.unreadable, "cannot be read by the exact rules of grading")
    looked_at = f"of {report.n_sample:,} graded" + (
        "" if report.n_sample == report.n_problems else " (a sample by id)"
    )
    if report.not_graded:
        yield Finding("golds", "note", f"not graded: {report.not_graded}")
    else:
        yield _odd("golds", report.unequal, f"{looked_at} do not equal themselves")


def _odd(about: str, odd: Odd, what: str) -> Finding:
    such = f", such as {', '.join(repr(_short(answer)) for answer in odd.examples)}"
    return Finding(about, "note" if odd.n else "ok", f"{odd.n:,} {what}{such if odd.n else ''}")


def _lengths(report: Report, why: str) -> Finding:
    if report.lengths is None:
        return Finding("question length", "note", f"not measured: {why or 'no policy was named'}")
    lengths = report.lengths
    return Finding(
        "question length",
        "ok",
        f"{lengths.median:,} tokens in the middle, 95 in 100 have at most {lengths.p95:,}, the"
        f" longest {lengths.longest:,} (tokens of {report.policy}, {report.n_sample:,} problems)",
    )


def counted(pairs: Sequence[tuple[str, int]]) -> str:
    """Counts by name, in words."""
    return ", ".join(f"{name} {n:,}" for name, n in pairs)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:80]}…"
