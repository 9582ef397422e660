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
from engine.models.tokens import (
    Rendered,
    cannot_load,
    end_tokens,
    render,
    require_no_thinking_budget,
    stop_at,
)
from engine.samplers.choosing import choose
from engine.samplers.finished import as_response
from engine.samplers.hand_out import HandOut, handed_out
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
        self.pad_id = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else 0

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """See Sampler. Longest prompts first; finished rows are handed out in the order they leave
        the batch.
        """
        require_no_thinking_budget("hf_local", settings)
        ends = end_tokens(self.model.generation_config, self.tokenizer, settings)
        read = render(self.tokenizer, {request.prompt for request in requests}, settings)
        fits, too_long = [], []
        for request in requests:
            (fits if 0 < len(read[request.prompt].ids) < self.n_positions else too_long).append(
                request
            )
        if too_long:
            yield [Response(r.problem_id, r.index, r.seed, "", "refused", 0) for r in too_long]
        fits.sort(key=lambda r: (-len(read[r.prompt].ids), r.problem_id, r.index))
        batches = [
            fits[start : start + self.batch_size] for start in range(0, len(fits), self.batch_size)
        ]
        finished = (
            responses
            for batch in batches
            for responses in self._generate(batch, [read[r.prompt] for r in batch], ends, settings)
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
        self,
        batch: list[Request],
        read: list[Rendered],
        ends: list[int],
        settings: SamplingSettings,
    ) -> Iterator[list[Response]]:
        """Responses of one batch, whenever finished rows are cut from the cache, so that they can
        be judged meanwhile.
        """
        import torch

        prompts = [prompt.ids for prompt in read]
        limits = np.array(
            [min(settings.max_new_tokens, self.n_positions - len(ids)) for ids in prompts]
        )
        drawn = _Drawn(self.tokenizer, batch, read, ends, settings.stop)
        noise = _Noise([request.seed for request in batch])
        rows = np.arange(len(batch))
        with torch.inference_mode():
            logits, cache, mask, place = self._prefill(prompts)
            seen = _seen(prompts, logits) if settings.repetition_penalty != 1 else None
        for position in range(int(limits.max())):
            with torch.inference_mode():
                chosen = choose(logits, noise.at(rows, position), settings, seen)
                if seen is not None:
                    seen.scatter_(-1, chosen[:, None], True)
            live = ~drawn.ended[rows] & (limits[rows] > position)
            drawn.add(rows[live], chosen.cpu().numpy()[live])
            going = ~drawn.ended[rows] & (limits[rows] > position + 1)
            if 1 - going.mean() > DROP_SHARE or not going.any():
                yield drawn.responses(rows[~going])
                rows = rows[going]
                if not len(rows):
                    return
                with torch.inference_mode():
                    keep = torch.as_tensor(np.flatnonzero(going), device=self.device)
                    cache.batch_select_indices(keep)
                    chosen, mask, place = chosen[keep], mask[keep], place[keep]
                    seen = None if seen is None else seen[keep]
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


class _Drawn:
    """What a batch has drawn so far, and which rows have ended."""

    def __init__(
        self,
        tokenizer: Any,
        batch: list[Request],
        read: list[Rendered],
        ends: list[int],
        stop: Sequence[str],
    ):
        self._tokenizer, self._batch, self._read = tokenizer, batch, read
        self._ends, self._stop = ends, stop
        self._tail = max(map(len, stop), default=0) + 1
        """Last tokens that may spell a stop string: each spells a character at least."""
        self._tokens: list[list[int]] = [[] for _ in batch]
        self.ended = np.zeros(len(batch), dtype=bool)

    def add(self, rows: np.ndarray, tokens: np.ndarray) -> None:
        """The next token of some rows."""
        for row, token in zip(rows.tolist(), tokens.tolist()):
            self._tokens[row].append(token)
        self.ended[rows[np.isin(tokens, self._ends)]] = True
        if self._stop:
            tails = [self._tokens[row][-self._tail :] for row in rows.tolist()]
            texts = self._tokenizer.batch_decode(tails, skip_special_tokens=True)
            spelled = [stop_at(text, self._stop) is not None for text in texts]
            self.ended[rows[spelled]] = True

    def responses(self, rows: np.ndarray) -> list[Response]:
        return [
            as_response(
                self._tokenizer,
                self._batch[row],
                self._read[row],
                self._tokens[row],
                self._ends,
                self._stop,
            )
            for row in rows.tolist()
        ]


class _Noise:
    """One uniform number per response and position, from the responses' seeds."""

    def __init__(self, seeds: list[int]):
        self._seeds = np.array(seeds, dtype=np.uint64)

    def at(self, rows: np.ndarray, position: int) -> Any:
        import torch

        return torch.as_tensor(uniforms(self._seeds[rows], position))


def _seen(prompts: list[list[int]], logits: Any) -> Any:
    """Which tokens stand in the prompt of each row, (B, V)."""
    seen = logits.new_zeros(logits.shape, dtype=bool)
    for row, ids in enumerate(prompts):
        seen[row, ids] = True
    return seen
