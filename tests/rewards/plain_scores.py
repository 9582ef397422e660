"""The scores of reward models by another road: one item at a time, its texts tokenised whole, the
tensors read by name. Nothing of the scorers' code.
"""

from pathlib import Path

import pytest

from engine.method.steps import split_steps

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from safetensors.torch import load_file

QUESTION = "How many eggs are there in the end?"
ITEMS = [
    (
        QUESTION,
        (
            "Wednesday: 5 + 2 = 7.\n\nThursday: 7 - 3 = 4.\nSo 4 are left.\n\nThe answer is"
            " \\boxed{4}."
        ),
    ),
    (QUESTION, "One step"),
    ("What is 7 × 3? 多少？", "Sieben mal drei ist 21 — à peu près 🎉.\n\n答案是 \\boxed{21}。"),
    ("Add 2 and 5.", "2 + 5 = 7\n\nanother step\n\nSo \\boxed{7}.\n\nThe answer is 7."),
]
LONG = "\n\n".join(["Thursday: 7 - 3 = 4."] * 60)


class Plain:
    def __init__(self, path: Path):
        self.path = path
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        self.tensors = {
            name: tensor
            for file in path.glob("*.safetensors")
            for name, tensor in load_file(file).items()
        }

    @torch.inference_mode()
    def hidden(self, ids: list[int]):
        config = transformers.Qwen2Config.from_pretrained(self.path)
        backbone = transformers.Qwen2Model(config).eval()
        weights = {
            name.removeprefix("model."): w
            for name, w in self.tensors.items()
            if name.startswith("model.")
        }
        backbone.load_state_dict(weights)
        return backbone(input_ids=torch.tensor([ids])).last_hidden_state[0]

    def chat(self, *turns: tuple[str, str]) -> list[int]:
        text = self.tokenizer.apply_chat_template(
            [{"role": r, "content": c} for r, c in turns], tokenize=False
        )
        return self.tokenizer(text, add_special_tokens=False).input_ids


class PlainQwenPrm(Plain):
    def __call__(self, question: str, response: str) -> list[float]:
        system = "Please reason step by step, and put your final answer within \\boxed{}."
        marked = "".join(f"{step}<extra_0>" for step in split_steps(response))
        ids = self.chat(("system", system), ("user", question), ("assistant", marked))
        at = [
            index
            for index, id in enumerate(ids)
            if id == self.tokenizer.convert_tokens_to_ids("<extra_0>")
        ]
        t = self.tensors
        inner = (self.hidden(ids)[at] @ t["score.0.weight"].T + t["score.0.bias"]).clamp(min=0)
        return (inner @ t["score.2.weight"].T + t["score.2.bias"]).softmax(-1)[:, 1].tolist()


class PlainSkyworkPrm(Plain):
    """The public wrapper's layout, called as the HS-STaR reference calls it."""

    def __call__(self, question: str, response: str) -> list[float]:
        encode = self.tokenizer.encode
        ids, at = encode(self.tokenizer.bos_token + question + "\n"), []
        for step in split_steps(response):
            ids = [*ids, *encode(step), encode("\n\n")[-1]]
            at.append(len(ids) - 1)
        values = (
            self.hidden(ids)[at] @ self.tensors["v_head.summary.weight"].T
            + self.tensors["v_head.summary.bias"]
        )
        return values[:, 0].sigmoid().tolist()


class PlainOutcome(Plain):
    @torch.inference_mode()
    def __call__(self, question: str, response: str) -> list[float]:
        model = transformers.AutoModelForSequenceClassification.from_pretrained(self.path).eval()
        if self.tokenizer.chat_template:
            ids = self.chat(("user", question), ("assistant", response))
        else:
            ids = self.tokenizer(question + "\n" + response).input_ids
        logits = model(input_ids=torch.tensor([ids])).logits[0]
        return [(logits[0].sigmoid() if len(logits) == 1 else logits.softmax(-1)[1]).item()]
