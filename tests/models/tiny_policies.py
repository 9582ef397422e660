"""Tiny random policies whose tokenizers and chat templates behave like those of the families that
people train. The templates are our own writing; what they share with a family is the behaviour.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

CHATML = (
    "{% if not messages or messages[0].role != 'system' %}{{ default_system }}{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

THINKS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' %}"
    "{% if '</think>' in m.content %}"
    "{{ '<think>\\n' + m.content.split('</think>')[0].split('<think>')[-1].strip('\\n')"
    " + '\\n</think>\\n\\n' + m.content.split('</think>')[-1].lstrip('\\n') }}"
    "{% else %}{{ '<think>\\n\\n</think>\\n\\n' + m.content }}{% endif %}"
    "{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}"
    "{% endif %}{% endif %}"
)

FORGETS_THINKING = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}"
    "<|Assistant|>{{ m.content.split('</think>')[-1] }}{{ eos_token }}"
    "{% else %}<|User|>{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|Assistant|><think>\n{% endif %}"
)

HEADERS = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)

INSTRUCTION = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% elif m.role == 'assistant' %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)

NO_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)

SPOKEN = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}User: {{ m.content }}\n\n"
    "{% else %}Assistant: {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)

NO_END = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


@dataclass(frozen=True)
class Family:
    """What matters of a family: its special tokens, its template, and what its files name."""

    name: str
    template: str | None
    special: tuple[str, ...]
    eos: str | None
    ends: tuple[str, ...]
    """What generation_config.json names."""
    turn_end: str | None
    """What ends a response in training where only its text is known."""
    bos: str | None = None
    pad: str | None = None
    added: tuple[str, ...] = ()
    """Added tokens that are not special: they stay in the text."""
    settings: dict = field(default_factory=dict)

    @property
    def chat(self) -> bool:
        return self.template is not None


_IM, _TEXT = ("<|im_start|>", "<|im_end|>"), "<|endoftext|>"

_QWEN3 = Family(
    "qwen3_thinking",
    THINKS,
    (*_IM, _TEXT),
    "<|im_end|>",
    ("<|im_end|>", _TEXT),
    "<|im_end|>",
    added=("<think>", "</think>"),
    settings={"thinking": "on"},
)

FAMILIES = [
    Family("qwen2.5_base_in_chat", CHATML, (*_IM, _TEXT), _TEXT, (_TEXT,), "<|im_end|>"),
    _QWEN3,
    replace(_QWEN3, name="qwen3_not_thinking", settings={"thinking": "off"}),
    Family(
        "r1_distill",
        FORGETS_THINKING,
        ("<|begin|>", "<|end|>", "<|User|>", "<|Assistant|>"),
        "<|end|>",
        ("<|end|>",),
        "<|end|>",
        bos="<|begin|>",
        added=("<think>", "</think>"),
    ),
    Family(
        "llama3",
        HEADERS,
        (
            *("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"),
            *("<|start_header_id|>", "<|end_header_id|>"),
        ),
        "<|eot_id|>",
        ("<|end_of_text|>", "<|eot_id|>"),
        "<|eot_id|>",
        bos="<|begin_of_text|>",
    ),
    Family("mistral", INSTRUCTION, ("<s>", "</s>"), "</s>", ("</s>",), "</s>", bos="<s>"),
    Family(
        "gemma",
        NO_SYSTEM,
        ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"),
        "<eos>",
        ("<eos>",),
        "<end_of_turn>",
        bos="<bos>",
    ),
    Family(
        "smollm2",
        CHATML,
        (*_IM, _TEXT),
        "<|im_end|>",
        ("<|im_end|>",),
        "<|im_end|>",
        settings={"system": "Be brief."},
    ),
    Family("deepseek_math", SPOKEN, ("<b>", "<e>"), "<e>", ("<e>",), "<e>", bos="<b>"),
    Family("base", None, ("<s>", "</s>"), "</s>", ("</s>",), "</s>", bos="<s>"),
    Family("pad_is_eos", None, ("</s>",), "</s>", ("</s>",), "</s>", pad="</s>"),
    Family("several_ends", None, ("<a>", "<b>"), "<a>", ("<a>", "<b>"), "<a>"),
]

WITHOUT_END = Family("no_end", NO_END, (), None, (), None)


def make(family: Family, folder: Path) -> str:
    """A folder with a policy of this family, of random weights. The same every time."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tokenizer = tokenizer_of(family)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    ids = tokenizer.get_vocab()
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=256,
            bos_token_id=ids.get(family.bos),
            eos_token_id=ids.get(family.eos),
            pad_token_id=ids.get(family.pad),
        )
    )
    ends = [ids[end] for end in family.ends]
    model.generation_config = GenerationConfig(eos_token_id=ends or None)
    model.save_pretrained(folder)
    return str(folder)


def tokenizer_of(family: Family):
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({c: i for i, c in enumerate(alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(list(family.special))
    inner.add_tokens([AddedToken(token, special=False) for token in family.added])
    if family.bos:
        inner.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A",
            special_tokens=[(family.bos, inner.token_to_id(family.bos))],
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token=family.bos,
        eos_token=family.eos,
        pad_token=family.pad,
        clean_up_tokenization_spaces=False,
    )
    if family.template:
        tokenizer.chat_template = family.template.replace("{{ default_system }}", _default(family))
    return tokenizer


def _default(family: Family) -> str:
    return (
        "<|im_start|>system\nYou are helpful.<|im_end|>\n"
        if "<|im_start|>" in family.special
        else ""
    )
