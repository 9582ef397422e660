"""Causal language models that judge steps by a tag: after every step, the probability of the token
of a right step against that of a wrong one. RLHFlow, Math-Shepherd, math-psa, VersaPRM, and layouts
of one's own.

Must not know of problems, runs or thresholds. Sources: engine.config.tagged;
docs/howto/reward_model.md.
"""

from engine.config.splitter import Splitter, StepRule
from engine.config.tagged import TaggedLmConfig, TagLayout, layout_of
from engine.errors import RewardModelError
from engine.rewards.batched import ForwardReward, Item, Row, load_tokenizer
from engine.rewards.causal import load_causal
from engine.rewards.tag_layout import TagReader


class TaggedLm(ForwardReward):
    """Scores steps through a causal language model. Implements engine.rewards.RewardModel; its
    prompts are bare questions. A response whose text holds the tag has the status "holds_tag" and
    no score.

    Args:
        path: a folder in transformers' format, or a hub id.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read. None: 512 on
            a CPU, 16,384 on a GPU.
        trust_remote_code: run code that comes with the model.
        steps, step_pattern: where responses are cut into steps, as config.splitter.Splitter has it.
        layout: the settings of the table [tagged_lm].

    Raises: RewardModelError: no causal language model is loadable at `path`, its head scales its
        logits, or the layout does not fit its tokenizer.
    """

    def __init__(
        self,
        path: str,
        device: str = "auto",
        batch_tokens: int | None = None,
        trust_remote_code: bool = False,
        steps: StepRule = "blank_line",
        step_pattern: str = "",
        **layout,
    ):
        super().__init__(path, device, batch_tokens, Splitter(steps, step_pattern))
        tokenizer = load_tokenizer(self.path, trust_remote_code)
        self.reader = TagReader(self.path, tokenizer, _layout(layout), self._splitter)
        self._model = load_causal(self.path, self._device, trust_remote_code, family="tagged_lm")
        self._longest = getattr(self._model.config, "max_position_embeddings", None)
        tokens, head = self.reader.tokens, self._model.get_output_embeddings()
        if max(tokens.positive, tokens.negative) >= head.weight.shape[0]:
            raise RewardModelError(
                f"{path!r} gives logits for {head.weight.shape[0]} tokens, and its tokenizer calls"
                f" right and wrong steps {tokens.positive} and {tokens.negative}: they do not"
                " belong together."
            )

    def _read(self, item: Item) -> Row:
        return self.reader.read(item)

    def _probabilities(self, ids, mask, batch: list[Row]) -> list[list[float]]:
        hidden = self._model.base_model(
            input_ids=ids, attention_mask=mask, use_cache=False
        ).last_hidden_state
        head, tokens = self._model.get_output_embeddings(), self.reader.tokens
        return [
            head(hidden[index, row.ends])[:, [tokens.negative, tokens.positive]]
            .float()
            .softmax(-1)[:, 1]
            .tolist()
            for index, row in enumerate(batch)
        ]


def _layout(settings: dict) -> TagLayout:
    return layout_of(TaggedLmConfig(**settings))
