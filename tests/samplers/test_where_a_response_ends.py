"""Where a response ends that a stop string ends: the same for its text and for its tokens, whatever
bytes a token is.
"""

import numpy as np
import pytest

from engine.models.tokens import Rendered, end_tokens
from engine.samplers.drawn import Drawn
from engine.samplers.finished import as_response
from engine.types import Request, SamplingSettings
from tests.models.tiny_policies import FAMILIES, tokenizer_of

REQUEST, READ = Request("p", 0, 1, "?"), Rendered("?", [0])
BY_NAME = {family.name: family for family in FAMILIES}
WRITTEN = "答案是四。问题：下一题是什么？"


def byte_level():
    return tokenizer_of(BY_NAME["base"])


def byte_fallback():
    """As Llama 2's and Gemma's: a character that is no token is spelled by its bytes."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    vocab = {"<unk>": 0, **{f"<0x{byte:02X}>": 1 + byte for byte in range(256)}}
    inner = Tokenizer(models.BPE(vocab, [], byte_fallback=True, unk_token="<unk>"))
    inner.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>")


TOKENIZERS = pytest.mark.parametrize("tokenizer", [byte_level(), byte_fallback()])


@TOKENIZERS
@pytest.mark.parametrize("stop", ["问题：", "："])
def test_a_stop_string_is_seen_with_the_token_that_completes_it(tokenizer, stop):
    tokens = tokenizer(WRITTEN, add_special_tokens=False).input_ids
    drawn = Drawn(tokenizer, [REQUEST], [READ], [len(tokens)], [], [stop])
    for token in tokens:
        drawn.add(np.array([0]), np.array([token]))
    [response] = drawn.responses(np.array([0]))
    before, _, _ = WRITTEN.partition(stop)
    assert (response.text, response.finish_reason) == (before, "stop")
    assert drawn.n_tokens == len(response.tokens) == len((before + stop).encode())


@TOKENIZERS
def test_tokens_never_go_on_behind_the_stop_string(tokenizer):
    tokens = tokenizer(WRITTEN, add_special_tokens=False).input_ids
    response = as_response(tokenizer, REQUEST, READ, [*tokens, 7], [7], ["问题：", "没有"])
    assert tokenizer.decode(response.tokens) == "答案是四。问题："
    assert response.n_tokens == len(response.tokens)


def test_a_stop_string_that_is_a_special_token_ends_a_response():
    family = BY_NAME["qwen2.5_base_in_chat"]
    tokenizer = tokenizer_of(family)
    ids = tokenizer.get_vocab()

    class Config:
        eos_token_id = ids["<|endoftext|>"]

    settings = SamplingSettings(stop=("<|im_end|>", "a"))
    ends = end_tokens(Config, tokenizer, settings)
    assert ends == [ids["<|endoftext|>"], ids["<|im_end|>"]], "a letter is found in the text"
    tokens = tokenizer("4<|im_end|>", add_special_tokens=False).input_ids
    response = as_response(tokenizer, REQUEST, READ, tokens, ends, settings.stop)
    assert (response.text, response.finish_reason, response.n_tokens) == ("4", "stop", 1)
