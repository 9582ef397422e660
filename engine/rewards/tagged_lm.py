"""Causal language models that judge steps by a tag: after every step, the probability of the token
of a right step against that of a wrong one. RLHFlow, Math-Shepherd, math-psa, VersaPRM, and layouts
of one's own.

Must not know of problems, runs or thresholds. Sources: engine.config.tagged;
docs/howto/reward_model.md.
"""

from engine.config.splitter import Splitter, StepRule
from engine.config.tagged import TaggedLmConfig, TagLayout, layout_of
from engine.errors import RewardModelError, in_one_line
from engine.models.whole import load_whole
from engine.rewards.batched import ForwardReward, Item, Row, load_tokenizer
from engine.rewards.tag_layout import TagReader
from engine.types import ScoreStatus


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
        self._model = _load(self.path, self._device, trust_remote_code)
        self._longest = getattr(self._model.config, "max_position_embeddings", None)
        tokens, head = self.reader.tokens, self._model.get_output_embeddings()
        if max(tokens.positive, tokens.negative) >= head.weight.shape[0]:
            raise RewardModelError(
                f"{path!r} gives logits for {head.weight.shape[0]} tokens, and its tokenizer calls"
                f" right and wrong steps {tokens.positive} and {tokens.negative}: they do not"
                " belong together."
            )

    def _read(self, item: Item) -> Row:
        return self.reader.read(item) or Row(item, [], [])

    def _unscored(self, row: Row) -> ScoreStatus:
        return "ok" if row.ids else "holds_tag"

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


def _load(path: str, device, trust_remote_code: bool):
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.float32 if device.type == "cpu" else "auto"
    try:
        model = load_whole(
            AutoModelForCausalLM, path, dtype=dtype, trust_remote_code=trust_remote_code
        )
    except Exception as error:  # damaged files raise what they like
        raise RewardModelError(
            f"No causal language model could be loaded from {path!r} ({in_one_line(error)}). Give a"
            " folder or a hub id in transformers' format; an adapter has to be merged into its base"
            " model first."
        ) from error
    for name in ("final_logit_softcapping", "logit_scale", "logits_scaling"):
        if getattr(model.config, name, None) not in (None, 1, 1.0):
            raise RewardModelError(
                f"{path!r} bends its logits ({name} in its config.json), which the family tagged_lm"
                " does not read. No published reward model that we know does."
            )
    return model.to(device).eval()
