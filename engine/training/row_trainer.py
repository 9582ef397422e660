"""Trainers on rows that are stored: each is turned into token ids once, and one that is too long is
left out and counted.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

from engine.errors import TrainingError
from engine.events import Event, Note
from engine.models.tokens import render, response_tokens, written_end
from engine.training import TrainingTask
from engine.training.lengths import n_tokens
from engine.training.trl_trainer import TrlTrainer


class RowTrainer(TrlTrainer):
    """A subclass names its rows and says what is trained on of one."""

    rows_are: ClassVar[str]
    """The plural noun that errors use."""

    @abstractmethod
    def columns(self, row: Any, prompt: list[int], encode: "Encode") -> dict[str, list[int]]:
        """A row as token ids, by TRL's column names: no template is applied to a response.

        Args:
            encode: what is trained on of one response: its text, its sampled ids, whether it was
                cut.
        """

    def rows(
        self, task: TrainingTask, model: Any, tokenizer: Any, emit: Callable[[Event], None]
    ) -> list[dict[str, Any]]:
        return self._fitting_rows(task, _Encoder(tokenizer, model.generation_config, task), emit)

    def _fitting_rows(
        self, task: TrainingTask, encoder: "_Encoder", emit: Callable[[Event], None]
    ) -> list[dict[str, list[int]]]:
        limit, rows = task.config.max_length, []
        for row in task.rows:
            columns = self.columns(row, encoder.prompt(row), encoder.response_of(row))
            if n_tokens(columns) <= limit:
                rows.append(columns)
        if not rows:
            raise TrainingError(
                f"None of the {len(task.rows)} {self.rows_are} can be trained on: there are none,"
                f" or all are longer than max_length = {limit} tokens. Commit other thresholds in a"
                " fork, or raise max_length."
            )
        if len(rows) < len(task.rows):
            emit(
                Note(
                    f"{len(task.rows) - len(rows)} {self.rows_are} are longer than {limit} tokens"
                    " and were left out."
                )
            )
        return rows


class Encode(Protocol):
    """Token ids of one response as it is trained on."""

    def __call__(self, text: str, tokens: Sequence[int] | None, *, is_cut: bool) -> list[int]: ...


class _Encoder:
    """Prompts as they were sampled from, and responses as they were sampled."""

    def __init__(self, tokenizer: Any, generation_config: Any, task: TrainingTask):
        self._tokenizer = tokenizer
        prompts = {row.prompt for row in task.rows}
        self._prompts = render(tokenizer, prompts, task.settings)
        self._end = written_end(generation_config, tokenizer, task.settings)

    def prompt(self, row: Any) -> list[int]:
        return self._prompts[row.prompt].ids

    def response_of(self, row: Any) -> Encode:
        prompt = self._prompts[row.prompt]

        def encode(text: str, tokens: Sequence[int] | None, *, is_cut: bool) -> list[int]:
            if tokens is not None:
                return list(tokens)
            return response_tokens(self._tokenizer, prompt, text, None if is_cut else self._end)

        return encode
