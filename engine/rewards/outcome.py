"""An outcome reward model: one score for a whole response, from any sequence classifier that
transformers loads.

The score belongs to the response, not to a step: its status is "outcome" and no minimum is taken.
Question and response are read through the tokenizer's chat template where there is one, else as
question, newline, response. One label: sigmoid of the logit. Two labels: softmax, and label 1 is
"right".

Must not know of problems, runs or thresholds.
"""

from engine.rewards.batched import ForwardReward, Item, Row, load_tokenizer
from engine.rewards.classifiers import OUTCOME, load_classifier, probabilities
from engine.rewards.plain_text import PlainText, added_tokens, chat_parts


class WholeResponse:
    """Question and response through the chat template where there is one, read at the end."""

    def __init__(self, path: str, tokenizer):
        self._tokenizer, self._plain = tokenizer, PlainText(tokenizer)
        has_chat = bool(tokenizer.chat_template)
        self._frame = chat_parts(tokenizer, path, None) if has_chat else ["", "\n", ""]

    def read(self, item: Item) -> Row:
        """No end where the response is blanks only."""
        before, between, behind = self._frame
        if any(map(self._plain.holds_names, item)):
            ids = self._read_in_pieces(item)
        else:
            text = before + item[0] + between + item[1] + behind
            ids = self._tokenizer(
                text, add_special_tokens=not self._tokenizer.chat_template, verbose=False
            ).input_ids
        return Row(item, ids, [len(ids) - 1] if item[1].strip() else [])

    def _read_in_pieces(self, item: Item) -> list[int]:
        """The ids of an item that holds the names of special tokens, which must stay letters."""
        question, response = self._plain.ids(list(item))
        before, between, behind = self._tokenizer(self._frame, add_special_tokens=False).input_ids
        if not self._tokenizer.chat_template:
            before, behind = added_tokens(self._tokenizer)
        return [*before, *question, *between, *response, *behind]


class OutcomeReward(ForwardReward):
    """Scores responses as a whole. Implements engine.rewards.RewardModel; its prompts are bare
    questions.

    A response of blanks only is not read: it has no score, and its reward is 0.

    Args:
        path: a folder in transformers' format, or a hub id.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read. None: 512 on
            a CPU, 16,384 on a GPU.
        trust_remote_code: run code that comes with the model.

    Raises: RewardModelError: nothing loadable at `path`, no classifier head in it, or neither one
    label nor two.
    """

    _status = "outcome"

    def __init__(
        self,
        path: str,
        device: str = "auto",
        batch_tokens: int | None = None,
        trust_remote_code: bool = False,
    ):
        super().__init__(path, device, batch_tokens)
        self._model = load_classifier(OUTCOME, self.path, self._device, trust_remote_code)
        tokenizer = load_tokenizer(self.path, trust_remote_code)
        self._layout = WholeResponse(self.path, tokenizer)
        positions = getattr(self._model.config, "max_position_embeddings", None)
        self._longest = min(positions or tokenizer.model_max_length, tokenizer.model_max_length)
        self._pad = self._model.config.pad_token_id or 0
        if self._model.config.pad_token_id is None:
            self._batch_tokens, self._padded_to = (
                0,
                1,
            )  # it cannot tell a text from its padding: each is read by itself

    def _read(self, item: Item) -> Row:
        return self._layout.read(item)

    def _probabilities(self, ids, mask, batch: list[Row]) -> list[list[float]]:
        logits = self._model(input_ids=ids, attention_mask=mask).logits.float()
        return [probabilities(text) for text in logits.split(1)]
