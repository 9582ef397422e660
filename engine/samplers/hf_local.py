"""Sampling through transformers, on one device, with its own key-value cache loop.

A prompt is read once however many responses it gets, and finished rows leave the batch. Noise is
one uniform number per (response seed, token position), turned into a token by the inverse of the
distribution function, so what is drawn does not depend on the batch. Floating point does, in the
last bit: on the starter policy in fp32 texts are equal (tested); on large vocabularies in bf16 a
text may differ where two tokens are nearly tied.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.method.seeds import uniforms
from engine.samplers.hand_out import HandOut, handed_out
from engine.samplers.tokens import cannot_load, end_tokens, prompt_tokens
from engine.types import Request, Response, SamplingSettings

DROP_SHARE = 0.15
"""Finished rows are cut from the cache once they make up this share of it: cutting copies the
cache.
"""


class HfSampler:
    """A causal language model from a folder, ready to answer requests.

    Args:
        path: folder with config, tokenizer and safetensors.
        batch_size: responses sampled side by side.
        device: "auto", "cpu", "cuda", …
        trust_remote_code: run code that comes with the model.

    Raises: SamplerError if the folder cannot be loaded.
    """

    def __init__(
        self,
        path: str,
        *,
        batch_size: int = 256,
        device: str = "auto",
        trust_remote_code: bool = False,
    ):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.float32 if device == "cpu" else torch.bfloat16
        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(
                path, trust_remote_code=trust_remote_code
            )
            self.model: Any = AutoModelForCausalLM.from_pretrained(
                path, dtype=dtype, trust_remote_code=trust_remote_code
            )
        except Exception as error:  # damaged files raise what they like
            raise cannot_load(path, error) from error
        self.model.to(device).eval()
        self.device, self.batch_size = device, batch_size
        self.n_positions = getattr(self.model.config, "max_position_embeddings", None) or 1 << 30
        self.eos_ids = end_tokens(self.model.generation_config, self.tokenizer)
        self.pad_id = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else 0

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """See Sampler. Longest prompts first; finished rows are handed out in the order they leave
        the batch.
        """
        tokens = prompt_tokens(self.tokenizer, {request.prompt for request in requests}, settings)
        fits, too_long = [], []
        for request in requests:
            (fits if 0 < len(tokens[request.prompt]) < self.n_positions else too_long).append(
                request
            )
        if too_long:
            yield [Response(r.problem_id, r.index, r.seed, "", "refused", 0) for r in too_long]
        fits.sort(key=lambda r: (-len(tokens[r.prompt]), r.problem_id, r.index))
        batches = [
            fits[start : start + self.batch_size] for start in range(0, len(fits), self.batch_size)
        ]
        finished = (
            responses
            for batch in batches
            for responses in self._generate(batch, [tokens[r.prompt] for r in batch], settings)
        )
        yield from handed_out(finished, HandOut(self.batch_size, len(fits)))

    def close(self) -> None:
        import gc

        import torch

        self.model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _generate(
        self, batch: list[Request], prompts: list[list[int]], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """Responses of one batch, whenever finished rows are cut from the cache, so that they can
        be judged meanwhile.
        """
        import torch

        seeds = np.array([request.seed for request in batch], dtype=np.uint64)
        limits = np.array(
            [min(settings.max_new_tokens, self.n_positions - len(p)) for p in prompts]
        )
        drawn: list[list[int]] = [[] for _ in batch]
        ended = np.zeros(len(batch), dtype=bool)
        rows = np.arange(len(batch))
        with torch.inference_mode():
            logits, cache, mask, place = self._prefill(prompts)
        for position in range(int(limits.max())):
            with torch.inference_mode():
                chosen = self._choose(logits, seeds[rows], position, settings)
            picked = chosen.cpu().numpy()
            live = ~ended[rows] & (limits[rows] > position)
            ended[rows[live & np.isin(picked, self.eos_ids)]] = True
            for row, token in zip(rows[live], picked[live]):
                if not ended[row]:
                    drawn[row].append(int(token))
            going = ~ended[rows] & (limits[rows] > position + 1)
            if 1 - going.mean() > DROP_SHARE or not going.any():
                finished, rows = rows[~going], rows[going]
                yield self._responses(
                    [batch[row] for row in finished],
                    [drawn[row] for row in finished],
                    ended[finished],
                )
                if not len(rows):
                    return
                with torch.inference_mode():
                    keep = torch.as_tensor(np.flatnonzero(going), device=self.device)
                    cache.batch_select_indices(keep)
                    chosen, mask, place = chosen[keep], mask[keep], place[keep]
            logits, mask, place = self._read_on(chosen, cache, mask, place)

    def _prefill(self, prompts: list[list[int]]):
        """Read every distinct prompt once; then one row per request: next-token logits, cache,
        mask, next position.
        """
        import torch
        from transformers import DynamicCache

        distinct = list(dict.fromkeys(map(tuple, prompts)))
        row_of = {prompt: row for row, prompt in enumerate(distinct)}
        width = max(map(len, distinct))
        ids = torch.tensor(
            [[self.pad_id] * (width - len(p)) + list(p) for p in distinct], device=self.device
        )
        mask = torch.tensor(
            [[0] * (width - len(p)) + [1] * len(p) for p in distinct], device=self.device
        )
        cache = DynamicCache()
        logits = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            past_key_values=cache,
            logits_to_keep=1,
        ).logits[:, -1]
        owner = torch.tensor([row_of[tuple(p)] for p in prompts], device=self.device)
        cache.batch_select_indices(owner)
        return logits[owner], cache, mask[owner], mask.sum(1, keepdim=True)[owner]

    def _read_on(self, chosen, cache, mask, place):
        """One token more in every row: next-token logits, mask, next position."""
        import torch

        with torch.inference_mode():
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            logits = self.model(
                input_ids=chosen[:, None],
                attention_mask=mask,
                position_ids=place,
                past_key_values=cache,
            ).logits[:, -1]
            return logits, mask, place + 1

    def _choose(self, logits, seeds: np.ndarray, position: int, settings: SamplingSettings):
        """The next token of every row: the most probable one at temperature 0, else the inverse of
        the CDF at the noise.
        """
        import torch

        if settings.temperature == 0:
            return logits.argmax(-1)
        probabilities = torch.softmax(logits.double() / settings.temperature, dim=-1)
        if settings.top_p < 1:
            probabilities = keep_nucleus(probabilities, settings.top_p)
        cdf = probabilities.cumsum(-1)
        noise = torch.as_tensor(uniforms(seeds, position), device=cdf.device)[:, None] * cdf[:, -1:]
        return torch.searchsorted(cdf, noise, right=True)[:, 0].clamp(max=cdf.shape[-1] - 1)

    def _responses(
        self, batch: list[Request], drawn: list[list[int]], ended: np.ndarray
    ) -> list[Response]:
        texts = self.tokenizer.batch_decode(drawn, skip_special_tokens=True)
        return [
            Response(
                r.problem_id, r.index, r.seed, text, "stop" if stopped else "length", len(tokens)
            )
            for r, text, tokens, stopped in zip(batch, texts, drawn, ended.tolist())
        ]


def keep_nucleus(probabilities, top_p: float):
    """Zero all but the smallest set of most probable tokens whose mass reaches top_p. Shape (B, V)
    in and out.

    Source: Holtzman et al. 2020, nucleus sampling.
    """
    import torch

    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(-1) - ordered
    return torch.zeros_like(probabilities).scatter(-1, order, ordered.where(before < top_p, 0))
