"""How the Qwen2.5-Math-PRM family lays an item out: a chat of its system prompt, the bare question
and the steps, a tag after each.
"""

from engine.config.splitter import BLANK_LINE, Splitter
from engine.errors import RewardModelError
from engine.rewards.batched import Item, Row, tagged_row
from engine.rewards.plain_text import PlainText, chat_parts

STEP_TAG = "<extra_0>"
SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."


class StepTags:
    """How the family lays an item out as token ids.

    Args:
        splitter: where responses are cut into steps.

    Raises: RewardModelError if the tokenizer has no chat template, or does not know the step tag as
    one token.
    """

    def __init__(self, path: str, tokenizer, splitter: Splitter = BLANK_LINE):
        self._splitter = splitter
        self.tag_id = tokenizer.convert_tokens_to_ids(STEP_TAG)
        if tokenizer(STEP_TAG, add_special_tokens=False).input_ids != [self.tag_id]:
            raise RewardModelError(
                f"The tokenizer of {path!r} does not know {STEP_TAG} as one token: this is not a"
                " model of the family qwen_prm."
            )
        parts = chat_parts(tokenizer, path, SYSTEM)
        self._before, self._between, self._behind = tokenizer(
            parts, add_special_tokens=False
        ).input_ids
        self._plain = PlainText(tokenizer, (STEP_TAG,))

    def read(self, item: Item) -> Row:
        question, *steps = self._plain.ids([item[0], *self._splitter.split(item[1])])
        return tagged_row(
            item, self._before + question + self._between, steps, self.tag_id, self._behind
        )
