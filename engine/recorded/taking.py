"""Rows of recorded responses into the files of a set, one by one, and what there is to say of them.

Scores are stored twice, as written and as probabilities. Memory holds one chunk of responses, and
per problem its id, answer and count.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import RecordedSetError
from engine.problems import Rejected, problem_id, same_reference
from engine.problems.bytes_of_file import Broken
from engine.problems.domains import row_of
from engine.problems.shapes import Parts, RowError
from engine.recorded.about import Imported, Scale
from engine.recorded.chunks import Chunks
from engine.recorded.plain_scores import sigmoid
from engine.recorded.rates import is_rate_table
from engine.recorded.reading import misfit, responses_of
from engine.recorded.reward_files import RewardFile
from engine.recorded.shapes import Entry, Kind
from engine.recorded.study import study_toml
from engine.types import Reference

MAX_REJECTED_SHOWN = 1_000


class Taking:
    """A set in the making."""

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
        self._unknown_endings: Counter[str] = Counter()
        self._about = Imported("", "", scale)

    def take_row(self, line: int, row: Any, source: Path) -> None:
        """A row of a line, or why it is none, into the set or its report. Raises: RecordedSetError
        for what is no recording at all.
        """
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
        about.notes += _said_of(self._unknown_endings)
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
            self._write_problem(parts)

    def _write_problem(self, parts: Parts) -> None:
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
        if entry.unknown_ending and not entry.truncated:
            self._unknown_endings[entry.unknown_ending] += 1

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
            return [sigmoid(score) for score in raw]
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


def _said_of(unknown: Counter[str]) -> list[str]:
    """What is said of endings that are not known."""
    if not unknown:
        return []
    most = ", ".join(f"{ending} ({n})" for ending, n in unknown.most_common(5))
    return [
        f"{unknown.total()} responses end in a way that is not known here: {most}. They count as"
        ' ended by themselves; write "length" for those that were cut.'
    ]


def _problem_row(p: Parts) -> dict[str, Any]:
    return row_of(p.question, p.answer, p.level, None, p.domain, p.details)
