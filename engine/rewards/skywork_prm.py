"""The Skywork-o1-Open-PRM family: a value head's sigmoid, read at the delimiter that ends each
step.

Laid out as the public wrapper's prepare_input does: the beginning-of-sequence token, the bare
question with one newline, then every step's own tokens and one delimiter token. The wrapper leaves
the delimiter to its caller: the model card's example passes one newline, the HS-STaR reference code
passes a blank line. Ours is the blank line, because it is where our steps end and what the
published thresholds were found with.

Must not know of problems, runs or thresholds. Source: SkyworkAI/skywork-o1-prm-inference,
model_utils; AMAP-ML/HS-STaR, skywork/eva_reward_sky_ddp.py; docs/method.md, section 1.3.
"""

from engine.config.splitter import Splitter, StepRule
from engine.errors import RewardModelError
from engine.rewards.batched import ForwardReward, Item, Row, load_tokenizer, tagged_row
from engine.rewards.headed import end_states, load_headed
from engine.rewards.plain_text import PlainText

STEP_END = "\n\n"


class SkyworkPrm(ForwardReward):
    """Scores steps with a value head. Implements engine.rewards.RewardModel; its prompts are bare
    questions.

    Args:
        path: a folder in transformers' format, or a hub id.
        device: "auto" takes a GPU where there is one; else "cpu", "cuda", "cuda:1".
        batch_tokens: padded tokens per forward pass; at least one text is always read. None: 512 on
            a CPU, 16,384 on a GPU.
        trust_remote_code: run code that comes with the tokenizer; the model's own is never needed.
        steps, step_pattern: where responses are cut into steps, as config.splitter.Splitter has it.

    Raises: RewardModelError: nothing of this family is loadable at `path`.
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
        tokenizer = load_tokenizer(self.path, trust_remote_code)
        self._plain = PlainText(tokenizer)
        self._begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        delimiter = tokenizer(STEP_END, add_special_tokens=False).input_ids
        if not delimiter:
            raise RewardModelError(
                f"The tokenizer of {path!r} has no token for a blank line, where this family reads"
                " its scores."
            )
        self._end_id = delimiter[-1]
        self._model = load_headed(self.path, "v_head", _value_head, self._device)
        self._longest = self._model.config.max_position_embeddings

    def _read(self, item: Item) -> Row:
        question, *steps = self._plain.ids([f"{item[0]}\n", *self._splitter.split(item[1])])
        return tagged_row(item, self._begin + question, steps, self._end_id)

    def _probabilities(self, ids, mask, batch: list[Row]) -> list[list[float]]:
        states = end_states(self._model, ids, mask, [row.ends for row in batch])
        return [self._model.v_head["summary"](steps)[:, 0].sigmoid().tolist() for steps in states]


def _value_head(hidden_size: int):
    from torch import nn

    return nn.ModuleDict({"summary": nn.Linear(hidden_size, 1)})
