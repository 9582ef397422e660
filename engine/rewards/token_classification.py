"""A process reward model that is a token classifier: any folder or hub id that transformers loads
as one.

Reads prompt and response as one text and scores every step at the token that holds its last
character. One label: sigmoid of the logit. Two labels: softmax, and label 1 is "right".
Right-padded, texts of one padded length together.

Must not know of problems, runs or thresholds. Source: HS-STaR, docs/method.md, section 1.3; where a
step is read is ours.
"""

from engine.config.splitter import Splitter, StepRule
from engine.errors import RewardModelError
from engine.rewards.batched import ForwardReward, Item, Row, load_tokenizer
from engine.rewards.classifiers import STEPS, load_classifier, probabilities
from engine.rewards.step_ends import step_end_tokens


class OneText:
    """Prompt and response as one text, each step read at its last character.

    Args:
        splitter: where responses are cut into steps.

    Raises: RewardModelError for a tokenizer that gives no character offsets.
    """

    def __init__(self, path: str, tokenizer, splitter: Splitter):
        self._tokenizer, self._splitter = tokenizer, splitter
        if not tokenizer.is_fast:
            raise RewardModelError(
                f"The tokenizer of {path!r} gives no character offsets, which are needed to find"
                " where steps end."
            )

    def read(self, item: Item) -> Row:
        prompt, response = item
        encoding = self._tokenizer(
            prompt + response, return_offsets_mapping=True, truncation=False, verbose=False
        )
        spans = [
            (len(prompt) + start, len(prompt) + end)
            for start, end in self._splitter.spans(response)
        ]
        return Row(item, encoding["input_ids"], step_end_tokens(encoding["offset_mapping"], spans))


class TokenClassificationReward(ForwardReward):
    """Scores steps with a token classifier. Implements engine.rewards.RewardModel.

    Args:
        path: a folder in transformers' format, or a hub id.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read. None: 512 on
            a CPU, 16,384 on a GPU.
        trust_remote_code: run code that comes with the model.
        steps, step_pattern: where responses are cut into steps, as config.splitter.Splitter has it.

    Raises:
        RewardModelError: nothing loadable at `path`, no classifier head in it, or neither one label
            nor two.
    """

    def __init__(
        self,
        path: str,
        device: str = "auto",
        batch_tokens: int | None = None,
        trust_remote_code: bool = False,
        steps: StepRule = "blank_line",
        step_pattern: str = "",
    ):
        super().__init__(path, device, batch_tokens, Splitter(steps, step_pattern))
        self._model = load_classifier(STEPS, self.path, self._device, trust_remote_code)
        tokenizer = load_tokenizer(self.path, trust_remote_code)
        self._layout = OneText(self.path, tokenizer, self._splitter)
        self._longest = getattr(self._model.config, "max_position_embeddings", None)
        self._pad = tokenizer.pad_token_id or 0

    def _read(self, item: Item) -> Row:
        return self._layout.read(item)

    def _probabilities(self, ids, mask, batch: list[Row]) -> list[list[float]]:
        logits = self._model(input_ids=ids, attention_mask=mask).logits.float()
        return [probabilities(logits[index, row.ends]) for index, row in enumerate(batch)]
