"""Process rewards out of two policies: how much likelier the tokens of a step are to one than to
the other that it was trained from. Our own M_t against M_0 is such a pair from iteration 1 on.

score of step k = c · Σ (log π(token) − log π_ref(token)), over the response's tokens up to the
step's last one (accumulated) or over those behind the step before (single). What stands between two
steps counts to the second; what follows the last step counts nowhere.

Must not know of problems, runs or thresholds. Source: engine.config.implicit. Ours: the prompt is
the one that was sampled from, and the response is encoded behind it as sampling and training do.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

from engine.config.splitter import Splitter, StepRule
from engine.errors import ConfigError, RewardModelError, SamplerError
from engine.models.tokens import Rendered, render
from engine.models.weights import locate
from engine.rewards.batched import ForwardReward, Item, Row, load_tokenizer
from engine.rewards.causal import load_causal
from engine.rewards.plain_text import PlainText
from engine.rewards.step_ends import step_end_tokens
from engine.types import SamplingSettings, Thinking

Form = Literal["accumulated", "single"]


class ImplicitReward(ForwardReward):
    """Scores steps by two causal language models. Implements engine.rewards.RewardModel; its
    prompts are those that were sampled from. Scores are finite numbers of any size.

    A policy that is its own reference is not loaded: each of its scores is 0.

    Args:
        path: the policy, a folder in transformers' format or a hub id.
        reference: what it was trained from: a folder, a hub id, or starter.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read. None: 512 on
            a CPU, 16,384 on a GPU.
        coefficient: what the sums are multiplied by, above 0.
        form: "accumulated" or "single".
        chat, system, thinking: how prompts are rendered, as in the table policy.
        trust_remote_code: run code that comes with the models.
        steps, step_pattern: where responses are cut into steps, as config.splitter.Splitter has it.

    Raises: RewardModelError: a model is not loadable or bends its logits, the two have different
    vocabularies, or the policy's tokenizer gives no offsets or renders no such prompt.
    """

    _low, _high = float("-inf"), float("inf")

    def __init__(
        self,
        path: str,
        reference: str,
        device: str = "auto",
        batch_tokens: int | None = None,
        *,
        reference_revision: str | None = None,
        coefficient: float = 1.0,
        form: Form = "accumulated",
        chat: bool = False,
        system: str = "",
        thinking: Thinking = "auto",
        trust_remote_code: bool = False,
        steps: StepRule = "blank_line",
        step_pattern: str = "",
    ):
        super().__init__(path, device, batch_tokens, Splitter(steps, step_pattern))
        self._coefficient, self._form = coefficient, form
        self._settings = SamplingSettings(chat=chat, system=system, thinking=thinking)
        self._tokenizer = load_tokenizer(self.path, trust_remote_code)
        if not self._tokenizer.is_fast:
            raise RewardModelError(
                f"The tokenizer of {self.path!r} gives no character offsets, which are needed to"
                " find where steps end."
            )
        self._plain = PlainText(self._tokenizer)
        self._rendered = lru_cache(maxsize=4096)(self._render)
        self._is_itself = path == reference
        self._models: list[Any] = []
        if not self._is_itself:
            self._open(reference, reference_revision, trust_remote_code)

    def _open(self, reference: str, revision: str | None, trust_remote_code: bool) -> None:
        try:
            folder = str(locate(reference, role="reference", revision=revision))
        except ConfigError as error:
            raise RewardModelError(str(error)) from error
        require_same_vocabulary(
            self.path, self._tokenizer, folder, load_tokenizer(folder, trust_remote_code)
        )
        self._models = [
            load_causal(one, self._device, trust_remote_code, family="implicit")
            for one in (self.path, folder)
        ]
        positions = [getattr(m.config, "max_position_embeddings", None) for m in self._models]
        self._longest = min((n for n in positions if n is not None), default=None)

    def close(self) -> None:
        self._models = []
        super().close()

    def _render(self, prompt: str) -> Rendered:
        try:
            return render(self._tokenizer, [prompt], self._settings)[prompt]
        except SamplerError as error:
            raise RewardModelError(str(error)) from error

    def _read(self, item: Item) -> Row:
        prompt, response = self._rendered(item[0]), item[1]
        ids, offsets = self._behind(prompt, response)
        ends = step_end_tokens(offsets, self._splitter.spans(response))
        begin = len(prompt.ids)
        return Row(item, [*prompt.ids, *ids], [begin + end for end in ends], begin)

    def _behind(self, prompt: Rendered, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids and offsets of a response: as it is encoded behind its prompt, or by itself where a
        token would lie across the border or a text holds the name of a special token.
        """
        bare = self._tokenizer(prompt.text, add_special_tokens=False, verbose=False).input_ids
        whole = self._tokenizer(
            prompt.text + text,
            add_special_tokens=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        n, shift = len(bare), len(prompt.text)
        is_behind = prompt.ids[len(prompt.ids) - n :] == bare and whole.input_ids[:n] == bare
        if is_behind and not self._plain.holds_names(text):
            return whole.input_ids[n:], [
                (a - shift, b - shift) for a, b in whole.offset_mapping[n:]
            ]
        alone = self._tokenizer(
            text,
            add_special_tokens=False,
            split_special_tokens=True,
            return_offsets_mapping=True,
            verbose=False,
        )
        return alone.input_ids, alone.offset_mapping

    def _answers(self, rows: list[Row]) -> Iterator[tuple[Row, list[float]]]:
        if self._is_itself:
            return ((row, [0.0] * len(row.ends)) for row in rows)
        return super()._answers(rows)

    def _probabilities(self, ids, mask, batch: list[Row]) -> list[list[float]]:
        policy, reference = (self._log_probabilities(m, ids, mask, batch) for m in self._models)
        return [
            self._scores((ours - theirs).cumsum(0).tolist(), row)
            for row, ours, theirs in zip(batch, policy, reference, strict=True)
        ]

    def _log_probabilities(self, model, ids, mask, batch: list[Row]) -> list[Any]:
        """Of every token of each response up to its last step's end, float64."""
        hidden = model.base_model(
            input_ids=ids, attention_mask=mask, use_cache=False
        ).last_hidden_state
        head = model.get_output_embeddings()
        logs = []
        for index, row in enumerate(batch):
            first, last = _first(row), row.ends[-1]
            logits = head(hidden[index, first - 1 : last]).float()
            wanted = ids[index, first : last + 1, None]
            logs.append(logits.log_softmax(-1).gather(-1, wanted)[:, 0].double())
        return logs

    def _scores(self, sums: list[float], row: Row) -> list[float]:
        """Of the sums over the response's tokens so far, those at the ends of steps."""
        at_ends = [sums[end - _first(row)] for end in row.ends]
        if self._form == "accumulated":
            return at_ends
        return [now - before for before, now in zip([0.0, *at_ends], at_ends)]

    def _filed(self, score: float) -> float:
        """Rounded before it is multiplied, so that no coefficient makes two sums equal."""
        return self._coefficient * super()._filed(score)


def _first(row: Row) -> int:
    """The first token that something stands before: a model says nothing of a text's first."""
    return max(row.begin, 1)


def require_same_vocabulary(path: str, tokenizer: Any, reference: str, other: Any) -> None:
    """Raises: RewardModelError, with the first token that differs, unless both tokenizers give
    every token the same id.
    """
    ours, theirs = tokenizer.get_vocab(), other.get_vocab()
    differing = sorted(
        token for token in ours.keys() | theirs.keys() if ours.get(token) != theirs.get(token)
    )
    if differing:
        token = differing[0]
        raise RewardModelError(
            f"implicit.reference is {reference!r}, and {len(differing):,} tokens differ from those"
            f" of {path!r}: {token!r} is {_id(theirs.get(token))} there and {_id(ours.get(token))}"
            " here. The family implicit compares two policies token by token, so they must share a"
            " vocabulary: give the model that the policy was trained from."
        )


def _id(id: int | None) -> str:
    return "none" if id is None else f"number {id}"
