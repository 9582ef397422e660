"""From a file of recorded responses to an imported set: streamed, all or nothing on disk, and the
same file twice is one set.

Plain rows are taken many at a time (`plain`), all others one by one (`taking`); both say the same
of a row. Scores are stored twice, as written and as probabilities, so the importer has to be told
their scale. Memory holds one chunk of responses, and per problem its id, answer and count; a .json
file is read whole, because it cannot be streamed, and so are the scores of a reward file. It knows
no run; studies on the set are described by the study.toml that it writes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.paths import STARTER
from engine.problems import same_reference
from engine.recorded.about import Imported, Scale, read_about
from engine.recorded.blocks import Block, blocks_of_recording
from engine.recorded.drafts import digest_of, draft_in, set_id
from engine.recorded.mapping import check_recording_mapping
from engine.recorded.plain import (
    Plain,
    Problem,
    as_indices,
    as_texts,
    counts_of,
    plain_rows,
)
from engine.recorded.plain_scores import probabilities
from engine.recorded.reward_files import RewardFile
from engine.recorded.taking import Taking
from engine.types import Reference

SHIPPED = {f"starter:{name}": STARTER / "recorded" / f"{name}.jsonl" for name in ("choice", "code")}
"""Recordings that come with the program, by name."""

Progress = Callable[[int, int], object]
"""Told (lines read, lines in all), now and then."""

FORMAT = 3
"""Part of a set's content id: raised when the importer would read the same file differently."""
REPORT_EVERY = 2_000
MANY_ODD = 0.1
"""Where more of a block's rows are odd, all of them are read one by one."""


def import_responses(
    source: Path,
    artifacts: Path,
    *,
    scale: Scale | None = None,
    rewards: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    name: str | None = None,
    on_progress: Progress = lambda done, total: None,
) -> Imported:
    """Import a file of recorded responses into artifacts/recorded. Blocks: about 70,000 responses
    of plain rows a second, or 25,000 others.

    Args:
        source: .jsonl, .csv, .parquet (streamed), .json, or a folder of parts; .eval where
            Inspect's library is installed. Shapes: engine.recorded.shapes and known.
        artifacts: the folder beside the database.
        scale: of the scores: "probability" in [0, 1], or "logit", which goes through a sigmoid.
            Needed where there are scores.
        rewards: the reference code's *_reward_dict file that belongs to the source.
        mapping: path or template by role (engine.recorded.mapping); None reads known shapes.
        name: what a person calls the file; None for its own name.

    Raises:
        RecordedSetError: scores without a scale, no usable response, or a disk that cannot be
            written. Nothing is stored then.
        ProblemSetError: a file that is missing, of another type, or unreadable as a whole.
    """
    if mapping is not None:
        check_recording_mapping(mapping)
    digest, n_lines = digest_of([source, *([rewards] if rewards else [])], mapping, FORMAT)
    home = artifacts / "recorded"
    for known in dict.fromkeys((set_id(digest, scale), set_id(digest, None))):
        if (home / known / "about.json").exists():
            return read_about(home / known)
    with draft_in(home) as draft:
        importer = _Import(draft, scale, RewardFile(rewards) if rewards else None, mapping)
        importer.read(source, lambda done: on_progress(done, max(n_lines, done)))
        about = importer.finish(
            set_id(digest, scale if importer.kinds else None), name or source.name
        )
        final = home / about.id
        if not final.exists():
            draft.rename(final)
    return read_about(final, is_new=True)


class _Import(Taking):
    """One pass over a file."""

    def read(self, source: Path, report: Callable[[int], object]) -> None:
        line = reported = 0
        for block in blocks_of_recording(source, self._about.notes):
            self._take_block(block, source)
            line = block.lines[-1] if block.lines else line
            if line - reported >= REPORT_EVERY:
                reported = line
                report(line)
        report(line)

    def _take_block(self, block: Block, source: Path) -> None:
        """Runs of plain rows at once, odd ones one by one; all of them so where many are odd."""
        plain = self._plain(block)
        if plain is None or plain.is_odd.mean() > MANY_ODD:
            for at, line in enumerate(block.lines):
                self.take_row(line, block.row(at), source)
            return
        start = 0
        for odd in [*np.flatnonzero(plain.is_odd).tolist(), len(block.lines)]:
            if start < odd and not self._take_plain(block, plain, start, odd):
                for at in range(start, odd):
                    self.take_row(block.lines[at], block.row(at), source)
            if odd < len(block.lines):
                self.take_row(block.lines[odd], block.row(odd), source)
            start = odd + 1

    def _plain(self, block: Block) -> Plain | None:
        if block.table is None or self._rewards or self._mapping is not None:
            return None
        return plain_rows(block.table, self._scale)

    def _take_plain(self, block: Block, plain: Plain, start: int, end: int) -> bool:
        """A run of plain rows into the set; nothing of it, and False, where one contradicts what
        came before.
        """
        which = plain.problem[start:end]
        new: dict[str, tuple[Reference, int]] = {}
        known, first = np.unique(which, return_index=True)
        order = np.argsort(first)
        for at, place in zip(known[order].tolist(), first[order].tolist()):
            problem = plain.problems[at]
            assert problem is not None, "its rows are odd"
            own = problem.reference, block.lines[start + place]
            reference, _ = self._known.get(problem.id) or new.setdefault(problem.id, own)
            if not same_reference(reference, problem.reference):
                return False
        if plain.index is not None and not self._note_indices(plain, start, end):
            return False
        for at in known[order].tolist():
            self._know(plain.problems[at], new)
        self._add_plain(plain, start, end)
        return True

    def _know(self, problem: Problem | None, new: Mapping[str, tuple[Reference, int]]) -> None:
        if problem is not None and problem.id not in self._known:
            self._known[problem.id] = new[problem.id]
            self._write_problem(problem.parts)

    def _note_indices(self, plain: Plain, start: int, end: int) -> bool:
        """Whether no problem has an index twice; they are noted then."""
        assert plain.index is not None, "asked only where there are some"
        new: set[tuple[str, int]] = set()
        for at, index in zip(plain.problem[start:end].tolist(), plain.index[start:end]):
            problem = plain.problems[at]
            if problem is None or index is None:
                continue
            if (problem.id, index) in new or index in self._indices.get(problem.id, ()):
                return False
            new.add((problem.id, index))
        for id, index in new:
            self._indices.setdefault(id, set()).add(index)
        return True

    def _add_plain(self, plain: Plain, start: int, end: int) -> None:
        columns = {name: column[start:end] for name, column in plain.columns.items()}
        names = [problem.id if problem else "" for problem in plain.problems]
        ids, of_problem = np.unique(np.array(names), return_inverse=True)
        which = of_problem[plain.problem[start:end]]
        before = np.array([self._counts.get(id, 0) for id in ids.tolist()])
        n_each = np.bincount(which, minlength=len(ids))
        by_problem = np.argsort(which, kind="stable")
        place = np.empty(len(which), dtype=np.int64)
        place[by_problem] = np.arange(len(which)) - np.repeat(np.cumsum(n_each) - n_each, n_each)
        self._chunks.add_columns(
            {
                **columns,
                "problem_id": as_texts(ids[which]),
                "idx": as_indices(before[which] + place),
                "scores": probabilities(columns["raw"], self._scale),
            }
        )
        for id, n in zip(ids.tolist(), n_each.tolist()):
            if n:
                self._counts[id] = self._counts.get(id, 0) + n
        self._count_plain(columns)

    def _count_plain(self, columns: Mapping[str, Any]) -> None:
        for kind, n in counts_of(columns["kind"]):
            self.kinds[kind] = self.kinds.get(kind, 0) + n
        self._solvers.update((solver, None) for solver, _ in counts_of(columns["solver"]))
        self._about.n_flagged += sum(n for _, n in counts_of(columns["correct"]))
        self._about.n_truncated += dict(counts_of(columns["finish_reason"])).get("length", 0)
