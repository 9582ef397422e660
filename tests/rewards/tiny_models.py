"""Reward models of the published architectures and file layouts, tiny and with random weights."""

import json
from pathlib import Path

import torch
import transformers
from torch import nn

POSITIONS = 192
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>")
CORPUS = [
    "Step 1: 5 + 2 = 7. \n\n\n\n\n Step 2: 7 - 3 = 4. \n\n\n\nThursday: + -",
    "Wednesday: 5 + 2 = 7.\n\nThursday: 7 - 3 = 4.\nSo 4 are left.\n\nThe answer is \\boxed{4}.",
    (
        "How many eggs are there in the end? Please reason step by step, and put your final answer"
        " within \\boxed{}."
    ),
    "system\nuser\nassistant\n",
    "One step\n\nanother step\n\n",
] * 20
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content']"
    " }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer(*, chat: bool = True, bos: bool = False):
    """A byte-level BPE as Qwen2's: it knows a blank line and every special token as one token
    each.
    """
    learnt = json.loads(
        transformers.Qwen2Tokenizer().train_new_from_iterator(CORPUS, 420)._tokenizer.to_str()
    )["model"]
    made = transformers.Qwen2Tokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(merge) for merge in learnt["merges"]],
        unk_token=None,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        bos_token="<|endoftext|>" if bos else None,
    )
    made.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    made.chat_template = CHAT if chat else None
    assert len(made("\n\n").input_ids) == 1
    return made


def qwen_config(made, **changes) -> transformers.Qwen2Config:
    return transformers.Qwen2Config(
        vocab_size=len(made),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=POSITIONS,
        initializer_range=0.2,
        **changes,
    )


def qwen_prm(folder: Path) -> Path:
    """As Qwen2.5-Math-PRM-7B: `model.*` and `score.0`, `score.2` in several safetensors, and a
    config that names its own code.
    """
    torch.manual_seed(1)
    made = tokenizer()
    config = qwen_config(made, tie_word_embeddings=False)
    backbone = transformers.Qwen2Model(config)
    score = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    nn.init.normal_(score[2].weight, std=0.5)
    weights = {f"model.{name}": w for name, w in backbone.state_dict().items()}
    weights |= {f"score.{name}": w for name, w in score.state_dict().items()}
    transformers.Qwen2ForCausalLM(config).save_pretrained(
        folder, state_dict=weights, max_shard_size="100KB"
    )
    made.save_pretrained(folder)
    remote = {
        "AutoConfig": "configuration_qwen2_rm.Qwen2RMConfig",
        "AutoModel": "modeling_qwen2_rm.Qwen2ForProcessRewardModel",
    }
    _describe(folder, architectures=["Qwen2ForProcessRewardModel"], auto_map=remote)
    return folder


def skywork_prm(folder: Path) -> Path:
    """As Skywork-o1-Open-PRM: a causal model's own names and `v_head.summary`, as its wrapper's
    state_dict writes them.
    """
    torch.manual_seed(2)
    made = tokenizer(bos=True)
    model = transformers.Qwen2ForCausalLM(qwen_config(made, tie_word_embeddings=False))
    head = nn.Linear(64, 1)
    weights = {
        **model.state_dict(),
        "v_head.summary.weight": head.weight.data,
        "v_head.summary.bias": head.bias.data,
    }
    model.save_pretrained(folder, state_dict=weights)
    made.save_pretrained(folder)
    _describe(folder, architectures=["Qwen2ForPrmModel"])
    return folder


def sequence_classifier(
    folder: Path, *, n_labels: int = 1, chat: bool = True, pad: bool = True
) -> Path:
    torch.manual_seed(3)
    made = tokenizer(chat=chat)
    config = qwen_config(made, num_labels=n_labels, pad_token_id=made.pad_token_id if pad else None)
    transformers.Qwen2ForSequenceClassification(config).save_pretrained(folder)
    made.save_pretrained(folder)
    return folder


def bert_classifier(folder: Path) -> Path:
    """An encoder that reads its first token, between special tokens that its tokenizer adds."""
    from tokenizers.processors import TemplateProcessing

    torch.manual_seed(4)
    made = tokenizer(chat=False)
    ids = [(name, made.convert_tokens_to_ids(name)) for name in ("<|im_start|>", "<|im_end|>")]
    made._tokenizer.post_processor = TemplateProcessing(
        single="<|im_start|> $A <|im_end|>", special_tokens=ids
    )
    config = transformers.BertConfig(
        vocab_size=len(made),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=POSITIONS,
        num_labels=2,
        initializer_range=0.2,
        pad_token_id=made.pad_token_id,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made._tokenizer,
        pad_token="<|endoftext|>",
        additional_special_tokens=list(SPECIAL),
        model_max_length=POSITIONS,
    ).save_pretrained(folder)
    return folder


TURNS = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n\n{{ message['content'] | trim"
    " }}<|im_end|>{% endfor %}"
)
"""As Llama 3's: nothing stands behind the end of a turn."""


def tagged_lm(folder: Path, kind: str) -> Path:
    """A causal language model with the habits of a preset's tokenizer."""
    torch.manual_seed(5)
    made = _sentence_pieces() if kind == "math_shepherd" else tokenizer(chat=False)
    made.chat_template = TURNS if kind == "rlhflow" else None
    config = qwen_config(made, tie_word_embeddings=False)
    if kind == "math_shepherd":
        model = transformers.GPTNeoXForCausalLM(_neo_x(config))
    else:
        model = transformers.Qwen2ForCausalLM(config)
    model.save_pretrained(folder)
    made.save_pretrained(folder)
    return folder


def _neo_x(config) -> transformers.GPTNeoXConfig:
    """Of the same size; an architecture that leaves a tokenizer as it was saved."""
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")
    more = ("num_attention_heads", "max_position_embeddings", "initializer_range")
    return transformers.GPTNeoXConfig(**{name: getattr(config, name) for name in names + more})


def _sentence_pieces() -> transformers.PreTrainedTokenizerFast:
    """Pieces that begin with the blank before them, behind a token that begins the text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.Metaspace()]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=list("ки+-0123456789×?.abcdefghijklmnopqrstuvwxyz\n—"),
    )
    made.train_from_iterator([*CORPUS, *["ки + - Step 1: ки\nStep 2: ки\n"] * 20], trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def _describe(folder: Path, **changes) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
