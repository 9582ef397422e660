"""From a file of recorded responses to an imported set: streamed, all or nothing on disk, and the
same file twice is one set.

Scores are stored twice, as written and as probabilities, so the importer has to be told their
scale. Memory holds one chunk of responses, and per problem its id, answer and count; a .json file
is read whole, because it cannot be streamed, and so are the scores of a reward file. It knows no
run; studies on the set are described by the study.toml that it writes.
"""

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import RecordedSetError
from engine.paths import STARTER
from engine.problems import Rejected, problem_id, same_reference
from engine.problems.domains import row_of
from engine.problems.rows import Broken
from engine.problems.shapes import Parts, RowError
from engine.recorded.about import Imported, Scale, read_about
from engine.recorded.chunks import Chunks
from engine.recorded.mapping import check_recording_mapping
from engine.recorded.rates import is_rate_table
from engine.recorded.reading import files_of_recording, misfit, responses_of, rows_of_recording
from engine.recorded.reward_files import RewardFile
from engine.recorded.shapes import Entry, Kind
from engine.recorded.study import study_toml
from engine.types import Reference

SHIPPED = {f"starter:{name}": STARTER / "recorded" / f"{name}.jsonl" for name in ("choice", "code")}
"""Recordings that come with the program, by name."""

Progress = Callable[[int, int], object]
"""Told (lines read, lines in all), now and then."""

FORMAT = 2
"""Part of a set's content id: raised when the importer would read the same file differently."""
MAX_REJECTED_SHOWN = 1_000
REPORT_EVERY = 2_000


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
    """Import a file of recorded responses into artifacts/recorded. Blocks: about 10,000 responses a
    second.

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
    digest, n_lines = _digest([source, *([rewards] if rewards else [])], mapping)
    home = artifacts / "recorded"
    for known in dict.fromkeys((_id(digest, scale), _id(digest, None))):
        if (home / known / "about.json").exists():
            return read_about(home / known)
    with _draft(home) as draft:
        importer = _Import(draft, scale, RewardFile(rewards) if rewards else None, mapping)
        importer.read(source, lambda done: on_progress(done, max(n_lines, done)))
        about = importer.finish(_id(digest, scale if importer.kinds else None), name or source.name)
        final = home / about.id
        if not final.exists():
            draft.rename(final)
    return read_about(final, is_new=True)


class _Import:
    """One pass over a file."""

    def __init__(
        self,
        draft: Path,
        scale: Scale | None,
        rewards: RewardFile | None,
        mapping: Mapping[str, str] | None = None,
    ):
        self.kinds: dict[Kind, int] = {}
        self._draft, self._rewards, self._mapping = draft, rewards, mapping
        self._indices: dict[str, set[int]] = {}
        self._scale: Scale | None = scale
        self._chunks = Chunks(draft / "responses.parquet")
        self._problems = (draft / "problems.jsonl").open("w", encoding="utf-8")
        self._known: dict[str, tuple[Reference, int]] = {}
        self._counts: dict[str, int] = {}
        self._solvers: dict[str, None] = {}
        self._about = Imported("", "", scale)

    def read(self, source: Path, report: Callable[[int], object]) -> None:
        line = 0
        for line, row in rows_of_recording(source, self._about.notes):
            try:
                if isinstance(row, Broken):
                    raise RowError("", row.reason)
                if is_rate_table(row) and not self._counts:
                    raise RecordedSetError(
                        f"{source} is a table of pass rates without responses: it can be looked at"
                        " with `python -m engine rates`, and there is nothing in it to replay."
                    )
                self._take(line, row)
            except RowError as error:
                self._reject(line, error)
            if line % REPORT_EVERY == 0:
                report(line)
        report(line)

    def finish(self, id: str, name: str) -> Imported:
        """Close the files and write what the set is. Raises: RecordedSetError for a set without a
        response.
        """
        self._chunks.close()
        self._problems.close()
        about = self._about
        if not self._counts:
            first = (
                f" The first rejected row: line {about.rejected[0].line}:"
                f" {about.rejected[0].reason}"
                if about.rejected
                else ""
            )
            raise RecordedSetError(f"{name} holds no usable response.{first}")
        about.id, about.name, about.solvers = id, name, list(self._solvers)
        about.scores = "steps" if "steps" in self.kinds else "outcome" if self.kinds else "none"
        about.scale = self._scale if self.kinds else None
        about.n_problems, about.n_responses = len(self._counts), sum(self._counts.values())
        about.n_unscored = about.n_responses - (
            0 if about.scores == "none" else self.kinds.get(about.scores, 0)
        )
        about.max_responses = max(self._counts.values())
        (self._draft / "study.toml").write_text(
            study_toml(name, self._counts.values(), scores=about.scores), encoding="utf-8"
        )
        (self._draft / "about.json").write_text(json.dumps(asdict(about)), encoding="utf-8")
        return about

    def _take(self, line: int, row) -> None:
        """One row's responses into the set. Raises: RowError for the row as a whole; single
        responses are rejected alone.
        """
        parts, entries = responses_of(row, self._mapping)
        id = _problem_id(parts.question)
        own = Reference(parts.answer, parts.domain, parts.details)
        reference, first_line = self._known.get(id, (own, line))
        if not same_reference(reference, own):
            said = f"{reference.answer[:60]!r} there, {parts.answer[:60]!r} here"
            raise RowError(
                "answer",
                f"The same question as in line {first_line} with another answer: {said}. Problem"
                f" {id}.",
            )
        for entry in entries:
            try:
                if isinstance(entry, RowError):
                    raise entry
                self._add(line, id, entry)
            except RowError as error:
                self._reject(line, error)
        if id in self._counts and id not in self._known:
            self._known[id] = (own, line)
            self._problems.write(json.dumps(_problem_row(parts), ensure_ascii=False) + "\n")

    def _add(self, line: int, id: str, entry: Entry) -> None:
        if entry.index is not None:
            self._require_new(id, entry.index)
        raw, kind = entry.scores, entry.kind
        if raw is None and self._rewards:
            raw, kind = self._rewards.scores(id, entry.text)
        if raw is not None and kind == "steps" and (said := misfit(raw, entry.text)):
            self._misfit(line, said)
            raw, kind = None, None
        index = self._counts.get(id, 0)
        self._chunks.add(
            problem_id=id,
            idx=index,
            text=entry.text,
            correct=entry.correct,
            raw=raw,
            scores=None if raw is None else self._probabilities(raw),
            kind=kind,
            finish_reason="length" if entry.truncated else "stop",
            n_tokens=entry.n_tokens,
            solver=entry.solver,
        )
        self._counts[id] = index + 1
        if kind:
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if entry.solver:
            self._solvers[entry.solver] = None
        self._about.n_flagged += entry.correct is not None
        self._about.n_truncated += entry.truncated

    def _require_new(self, id: str, index: int) -> None:
        seen = self._indices.setdefault(id, set())
        if index in seen:
            raise RowError("index", f"Response {index} of problem {id} came before.")
        seen.add(index)

    def _misfit(self, line: int, reason: str) -> None:
        self._about.n_misfit += 1
        if len(self._about.misfits) < MAX_REJECTED_SHOWN:
            self._about.misfits.append(Rejected(line, "step_scores", reason))

    def _probabilities(self, raw: tuple[float, ...]) -> list[float]:
        if self._scale is None:
            raise RecordedSetError(
                "The file holds scores, and their scale is not given: say probability where they"
                " lie in [0, 1], or logit where a sigmoid is still to be taken (scale, or --scale"
                " on the command line)."
            )
        if self._scale == "logit":
            return [
                1 / (1 + math.exp(-score)) if score >= 0 else (e := math.exp(score)) / (1 + e)
                for score in raw
            ]
        outside = next((score for score in raw if not 0 <= score <= 1), None)
        if outside is not None:
            raise RowError(
                "scores", f"The score {outside:g} is not a probability in [0, 1]. Are these logits?"
            )
        return list(raw)

    def _reject(self, line: int, error: RowError) -> None:
        self._about.n_rejected += 1
        if len(self._about.rejected) < MAX_REJECTED_SHOWN:
            self._about.rejected.append(Rejected(line, error.field, str(error)))


@lru_cache(maxsize=256)
def _problem_id(question: str) -> str:
    """Rows of one problem mostly follow one another."""
    return problem_id(question)


def _problem_row(p: Parts) -> dict[str, Any]:
    return row_of(p.question, p.answer, p.level, None, p.domain, p.details)


def _digest(files: list[Path], mapping: Mapping[str, str] | None) -> tuple[str, int]:
    """Hex digest over the files' bytes and the mapping, and the number of lines of the first."""
    said = json.dumps(mapping, sort_keys=True) if mapping else ""
    total, n_lines = hashlib.sha256(f"{FORMAT}{said}".encode()), 0
    for number, path in enumerate(files):
        for part in files_of_recording(path):
            with part.open("rb") as stream:
                while block := stream.read(1 << 20):
                    total.update(block)
                    n_lines += block.count(b"\n") if number == 0 else 0
            total.update(b"\x1f")
    return total.hexdigest(), n_lines


def _id(digest: str, scale: Scale | None) -> str:
    return hashlib.sha256(f"{digest}\x1f{scale}".encode()).hexdigest()[:16]


@contextmanager
def _draft(home: Path) -> Iterator[Path]:
    """A hidden folder that is gone afterwards, unless it was given its name. A full disk is a
    sentence.
    """
    draft = home / "."
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        draft = Path(tempfile.mkdtemp(prefix=f".{os.getpid()}.", dir=home))
        draft.chmod(0o755)
        yield draft
    except OSError as error:
        raise RecordedSetError(
            f"{home} could not be written: {error.strerror}. Free space on the disk, then import"
            " again."
        ) from error
    finally:
        if draft != home:
            shutil.rmtree(draft, ignore_errors=True)


def _sweep(home: Path) -> None:
    """Remove what an import left that was killed: hidden folders whose process is gone."""
    for left in home.glob(".*.*"):
        try:
            os.kill(int(left.name.split(".")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, PermissionError):
            continue
