"""A GGUF file of SmolLM2 as an ordinary model folder: safetensors in float32, tokenizer, chat
template.

It runs in a child process (`python -m engine.small_lm.conversion GGUF FOLDER`), so that the two
gigabytes it takes for a minute are given back, and a dashboard stays quick meanwhile.

Departures from what transformers makes of the file: (1) the weights are no longer called quantised,
since they are saved as plain numbers; (2) a response ends at <|im_end|>, which is also the padding,
where the tokenizer would end it at <|im_start|>; (3) digits are split one by one before anything
else, as SmolLM2's own tokenizer does: without that, two line breaks in front of a digit become two
tokens, where the model learned one.

Source: llama.cpp, pre-tokenizer "smollm"; the file's own metadata.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from engine.errors import ConversionError
from engine.paths import ROOT

END = "<|im_end|>"
START = "<|im_start|>"
UNKNOWN = "<|endoftext|>"


def convert(gguf: Path, folder: Path) -> None:
    """Write a new model folder from a GGUF file, in a child process. Blocks for about a minute.

    Raises: ConversionError with the last line that the child wrote; the folder may then be there in
    part.
    """
    done = subprocess.run(
        [sys.executable, "-m", "engine.small_lm.conversion", str(gguf), str(folder)],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
        raise ConversionError(
            f"{gguf.name} could not be converted to {folder.parent}: {said[-1]}. It needs 2 GB of"
            " memory and 600 MB of disk; try again with more of what is short."
        )


def write_model(gguf: Path, folder: Path) -> None:
    """The conversion itself, in this process. Raises: what transformers raises."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(gguf)
    tokenizer.save_pretrained(folder)
    model = _model(gguf, tokenizer)
    model.save_pretrained(folder)


def split_digits(tokenizer_json: str) -> str:
    """A tokenizer.json with SmolLM2's own rules around the same vocabulary and merges.

    Args:
        tokenizer_json: as transformers makes it from the GGUF file.
    """
    rules = json.loads(tokenizer_json)
    byte_level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    rules |= {
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {**byte_level, "add_prefix_space": False},
            ],
        },
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
    }
    rules["model"]["byte_fallback"] = False
    return json.dumps(rules, ensure_ascii=False)


def _tokenizer(gguf: Path) -> Any:
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    read: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(split_digits(read.backend_tokenizer.to_str())),
        bos_token=START,
        eos_token=END,
        pad_token=END,
        unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = read.chat_template
    return tokenizer


def _model(gguf: Path, tokenizer: Any) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    # what transformers refuses to save: its mark that the file was quantised
    del model.config.quantization_config
    model.hf_quantizer, model.is_quantized = None, False
    for settings in (model.config, model.generation_config):
        settings.bos_token_id = tokenizer.bos_token_id
        settings.eos_token_id = settings.pad_token_id = tokenizer.eos_token_id
    return model


if __name__ == "__main__":
    write_model(Path(sys.argv[1]), Path(sys.argv[2]))
