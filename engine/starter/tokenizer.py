"""The starter tokenizer: whole words with the space before them, digits one by one, an exact round
trip.

There is no normaliser, so offsets are those of the text itself, and tokens of prompt + response are
the prompt's tokens followed by the response's. The vocabulary is closed: the words of
engine.starter.kinds; any other piece is <unk>.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.starter.kinds import (
    ANSWER_STEP,
    CLOSINGS,
    DAYS,
    EASY,
    HARD,
    ITEMS,
    MID,
    NAMES,
    OPENINGS,
    STEP_WORDINGS,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, EOS, UNK = "<pad>", "<eos>", "<unk>"
CONTEXT = 512

_PIECES = r"[.?]?\n+| ?[A-Za-z]+(?: (?=\d))?| [-+*/=] |\d| \\boxed\{|\}\.?|: |[.:?,]| "


def _texts() -> Iterator[str]:
    """Texts that together hold every piece a starter problem or solution can be cut into."""
    yield from "0123456789"
    yield from ("\n", "\n\n", ".\n\n", "?\n", " ", ".", "?", ":", "}", "}.")
    for name in NAMES:
        for opening in OPENINGS:
            for item in ITEMS:
                yield opening.format(name=name, start=5, item=item)
        for kind in EASY + MID + HARD:
            yield from (f" {name} {wording.format(m=5)}" for wording in kind.wordings)
    for day in DAYS:
        for closing in CLOSINGS:
            yield from (
                "On x " + closing.format(name=name, item=item, last_day=day)
                for name in NAMES
                for item in ITEMS
            )
        yield f"x. On {day} x"
        for wording in STEP_WORDINGS:
            for sign in "+-*/":
                yield wording.format(day=day, before=5, sign=sign, operand=5, after=5)
    yield ANSWER_STEP.format(answer=5)


def build_tokenizer() -> "PreTrainedTokenizerFast":
    """The tokenizer, always the same one. Ids follow the sorted pieces, after <pad>, <eos>,
    <unk>.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    cutter = pre_tokenizers.Split(Regex(_PIECES), "isolated")
    pieces = {piece for text in _texts() for piece, _ in cutter.pre_tokenize_str(text)} - {
        "x",
        " x",
    }
    vocabulary = {piece: index for index, piece in enumerate([PAD, EOS, UNK, *sorted(pieces)])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNK))
    tokenizer.pre_tokenizer = cutter
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=EOS,
        unk_token=UNK,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT,
    )
