"""A process reward model that is a token classifier: any folder or hub id that transformers loads as one.

Reads prompt and response as one text and scores every step at the token that holds its last character. One label:
sigmoid of the logit. Two labels: softmax, and label 1 is "right". Right-padded, batched by length.

Must not know of problems, runs or thresholds. Source: HS-STaR, method.md section 1.3; where a step is read is ours.
"""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.errors import RewardModelError
from engine.method.steps import normalise_newlines, step_spans
from engine.rewards import SCORE_DECIMALS
from engine.rewards.step_ends import step_end_tokens
from engine.types import StepScores

Item = tuple[str, str]
"""(prompt, response text)."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One text as the model reads it."""

    item: Item
    ids: list[int]
    ends: list[int]
    """Token index of every step's end."""


class TokenClassificationReward:
    """Scores steps with a token classifier. Implements engine.rewards.RewardModel.

    Args:
        path: a folder in transformers' format, or a hub id.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read.
        trust_remote_code: run code that comes with the model.

    Raises:
        RewardModelError: nothing loadable at `path`, no classifier head in it, or neither one label nor two.
    """

    def __init__(
        self, path: str, device: str = "auto", batch_tokens: int = 16_384, trust_remote_code: bool = False
    ) -> None:
        import torch

        self.path = str(path)
        self._batch_tokens = batch_tokens
        self._device = torch.device(device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu")
        self._tokenizer, model = _load(
            self.path, torch.float32 if self._device.type == "cpu" else "auto", trust_remote_code
        )
        self._model = model.to(self._device).eval()
        self._longest = getattr(model.config, "max_position_embeddings", None)

    def score(self, items: Sequence[Item]) -> list[StepScores]:
        """Score the steps of (prompt, response) pairs, in their order; equal items are scored once.

        A text longer than the model's positions is answered with status "too_long", never cut. Blocks.

        Raises:
            RewardModelError: a score is not a finite number.
        """
        clean = [(normalise_newlines(prompt), normalise_newlines(response)) for prompt, response in items]
        known: dict[Item, StepScores] = {}
        rows = []
        for item in dict.fromkeys(clean):
            row = self._read(item)
            if self._longest is not None and len(row.ids) > self._longest:
                known[item] = StepScores((), "too_long")
            elif not row.ends:
                known[item] = StepScores(())
            else:
                rows.append(row)
        for batch in self._batches(rows):
            known.update(self._forward(batch))
        return [known[item] for item in clean]

    def close(self) -> None:
        """Give memory and device back. Safe to call twice."""
        self._model = None
        gc.collect()
        if self._device.type == "cuda":
            import torch

            torch.cuda.empty_cache()

    def _read(self, item: Item) -> _Row:
        prompt, response = item
        encoding = self._tokenizer(prompt + response, return_offsets_mapping=True, truncation=False, verbose=False)
        spans = [(len(prompt) + start, len(prompt) + end) for start, end in step_spans(response)]
        return _Row(item, encoding["input_ids"], step_end_tokens(encoding["offset_mapping"], spans))

    def _batches(self, rows: list[_Row]) -> Iterator[list[_Row]]:
        """Rows of like length together, longest first, so that the first batch shows whether memory is enough."""
        batch: list[_Row] = []
        for row in sorted(rows, key=lambda row: -len(row.ids)):
            if batch and (len(batch) + 1) * len(batch[0].ids) > self._batch_tokens:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    def _forward(self, batch: list[_Row]) -> dict[Item, StepScores]:
        import torch

        longest, pad = len(batch[0].ids), self._tokenizer.pad_token_id or 0
        ids = torch.tensor([row.ids + [pad] * (longest - len(row.ids)) for row in batch], device=self._device)
        mask = torch.tensor([[1] * len(row.ids) + [0] * (longest - len(row.ids)) for row in batch], device=self._device)
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=mask).logits.float()
            right = logits[..., 0].sigmoid() if logits.shape[-1] == 1 else logits.softmax(-1)[..., 1]
            picked = [right[index, row.ends].tolist() for index, row in enumerate(batch)]
        return {row.item: self._as_scores(row, scores) for row, scores in zip(batch, picked, strict=True)}

    def _as_scores(self, row: _Row, scores: list[float]) -> StepScores:
        # NaN fails every comparison, so this also catches it.
        if not all(0.0 <= score <= 1.0 for score in scores):
            raise RewardModelError(
                f"The process reward model {self.path} gave a score that is no number between 0 and 1, for a response "
                f"that begins {row.item[1][:60]!r}. Its weights may be damaged, or its precision too low: choose "
                "another one."
            )
        return StepScores(tuple(round(score, SCORE_DECIMALS) for score in scores))


def _load(path: str, dtype: object, trust_remote_code: bool) -> tuple:
    """(tokenizer, model) of a token classifier, both checked."""
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=trust_remote_code)
        model, report = AutoModelForTokenClassification.from_pretrained(
            path, dtype=dtype, trust_remote_code=trust_remote_code, output_loading_info=True
        )
    except Exception as error:  # damaged files raise what they like
        raise RewardModelError(
            f"No process reward model could be loaded from {path!r} ({error}). Give a folder that holds a transformers "
            "token classifier with its tokenizer, or the id of one on the hub."
        ) from error
    if report["missing_keys"]:
        raise RewardModelError(
            f"{path!r} is no token classifier: it holds no weights for "
            f"{', '.join(sorted(report['missing_keys'])[:4])}. A process reward model needs a trained classifier head."
        )
    if model.config.num_labels not in (1, 2):
        raise RewardModelError(
            f"{path!r} has {model.config.num_labels} labels per token: a process reward model has one (a score) or two "
            "(wrong, right). Choose another one."
        )
    if not tokenizer.is_fast:
        raise RewardModelError(
            f"The tokenizer of {path!r} gives no character offsets, which are needed to find where steps end."
        )
    return tokenizer, model
