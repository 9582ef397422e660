"""Sampling through transformers, on one device, with its own key-value cache loop.

Prompts that follow each other and are equal are read once, and a finished response's row is taken
by the next request, so that nobody waits for the slowest of a batch. Noise is
one uniform number per (response seed, token position), turned into a token by the inverse of the
distribution function, so what is drawn does not depend on the batch. Floating point does, in the
last bit: on the starter policy in fp32 texts are equal (tested); on large vocabularies in bf16 a
text may differ where two tokens are nearly tied.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np

from engine.models.tokens import (
    Rendered,
    cannot_load,
    end_tokens,
    render,
    require_no_thinking_budget,
)
from engine.models.vocabulary import require_known_ids
from engine.models.whole import load_whole
from engine.samplers.attention import use_grouped
from engine.samplers.choosing import choose
from engine.samplers.drawn import Drawn
from engine.samplers.hand_out import HandOut, handed_out
from engine.samplers.prompts import Prompts, Read
from engine.samplers.slots import Slots
from engine.types import InFlight, Request, Response, SamplingSettings

IDLE_SHARE = 0.15
"""Rows whose responses have finished are given to other requests, or cut from the cache where there
is none, once they are this share of all: cutting copies the cache.
"""


class LoadedSampler:
    """A causal language model that is loaded already, ready to answer requests. It is asked as it
    is: whoever holds it sees to its mode and to random states.

    Args:
        batch_size: responses sampled side by side.
    """

    def __init__(self, model: Any, tokenizer: Any, *, batch_size: int):
        self.model, self.tokenizer, self.batch_size = model, tokenizer, batch_size
        self.in_flight: InFlight | None = None
        self.n_positions = getattr(model.config, "max_position_embeddings", None) or 1 << 30
        self.pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0

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
        fits.sort(key=lambda r: (-len(read[r.prompt].ids), r.prompt, r.problem_id, r.index))
        finished = self._generate(fits, [read[r.prompt] for r in fits], ends, settings)
        try:
            yield from handed_out(finished, HandOut(self.batch_size, len(fits)))
        finally:
            self.in_flight = None

    def _generate(
        self,
        requests: list[Request],
        read: list[Rendered],
        ends: list[int],
        settings: SamplingSettings,
    ) -> Generator[list[Response]]:
        """Finished responses, whenever their rows go to others, so that they can be judged
        meanwhile.
        """
        import torch

        limits = [min(settings.max_new_tokens, self.n_positions - len(r.ids)) for r in read]
        drawn = Drawn(self.tokenizer, requests, read, limits, ends, settings.stop)
        prompts = Prompts(self.model, [r.ids for r in read], self.pad_id)
        n_rows = min(self.batch_size, len(requests))
        with torch.inference_mode():
            batch = _Batch(self.model, prompts, drawn, settings, n_rows)
        while len(batch.requests):
            ended = drawn.ended[batch.requests]
            self.in_flight = InFlight(int((~ended).sum()), drawn.n_tokens)
            if ended.mean() > IDLE_SHARE or ended.all():
                yield drawn.responses(batch.requests[ended])
                with torch.inference_mode():
                    batch.replace(np.flatnonzero(ended))
            else:
                with torch.inference_mode():
                    batch.read_on()


class HfSampler(LoadedSampler):
    """A causal language model from a folder.

    Args:
        path: folder with config, tokenizer and safetensors.
        batch_size: responses sampled side by side.
        device: "auto", "cpu", "cuda", …; Apple's "mps" was not run by us.
        dtype: float32, bfloat16, or by_device: float32 on a CPU, bfloat16 elsewhere.
        trust_remote_code: run code that comes with the model.

    Raises: SamplerError if the folder cannot be loaded.
    """

    def __init__(
        self,
        path: str,
        *,
        batch_size: int = 256,
        device: str = "auto",
        dtype: str = "by_device",
        trust_remote_code: bool = False,
    ):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
            device = "mps" if torch.backends.mps.is_available() else device
        if dtype == "by_device":
            dtype = "float32" if device == "cpu" else "bfloat16"
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(
                path, trust_remote_code=trust_remote_code
            )
            model: Any = load_whole(
                AutoModelForCausalLM,
                path,
                dtype=getattr(torch, dtype),
                trust_remote_code=trust_remote_code,
            )
        except Exception as error:  # damaged files raise what they like
            raise cannot_load(path, error) from error
        require_known_ids(tokenizer, model.config, path)
        model.to(device).eval()
        use_grouped(model)
        self.device = device
        super().__init__(model, tokenizer, batch_size=batch_size)

    def close(self) -> None:
        import gc

        import torch

        self.model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


class _Batch:
    """The rows in flight: which request each answers, its cache, and the token that it reads next.

    Args:
        prompts: of all requests, in the order of drawn's.
    """

    def __init__(
        self,
        model: Any,
        prompts: Prompts,
        drawn: Drawn,
        settings: SamplingSettings,
        n_rows: int,
    ):
        self._model, self._prompts, self._drawn, self._settings = model, prompts, drawn, settings
        self._n_begun = 0
        self.requests = np.zeros(n_rows, dtype=np.int64)
        """By row: the request's place in drawn."""
        self._slots: Slots | None = None
        self._next: Any = None
        self._seen: Any = None
        self.replace(np.arange(n_rows))

    def replace(self, rows: np.ndarray) -> None:
        """Give rows to the next requests, and drop those for which there is none."""
        if len(rows) == len(self.requests):
            self._slots = None
        free = rows
        for read, owner in self._prompts.take(len(rows)):
            self._begin(free[: len(owner)], read, owner)
            free = free[len(owner) :]
        if len(free):
            self._keep(np.setdiff1d(np.arange(len(self.requests)), free))

    def read_on(self) -> None:
        """One token more in every row."""
        assert self._slots is not None, "there are rows"
        logits = self._model(
            input_ids=self._next[:, None],
            attention_mask=self._slots.mask(),
            position_ids=self._slots.lengths[:, None],
            past_key_values=self._slots.cache,
        ).logits[:, -1]
        self._slots.has_read_one()
        self._next = self._choose(logits, self.requests, self._seen)

    def _begin(self, rows: np.ndarray, read: Read, owner: list[int]) -> None:
        import torch

        device = read.logits.device
        at, of = torch.as_tensor(rows, device=device), torch.as_tensor(owner, device=device)
        if self._slots is None:
            self._slots = Slots(read, len(self.requests))
            self._next = torch.zeros(len(self.requests), dtype=torch.long, device=device)
        self._slots.take_over(at, read, of)
        self.requests[rows] = np.arange(self._n_begun, self._n_begun + len(rows))
        self._n_begun += len(rows)
        seen = None
        if self._settings.repetition_penalty != 1:
            seen = _seen(self._drawn.prompts(self.requests[rows]), read.logits)
        self._next[at] = self._choose(read.logits[of], self.requests[rows], seen)
        if seen is not None:
            if self._seen is None:
                self._seen = seen.new_zeros(len(self.requests), seen.shape[1], dtype=bool)
            self._seen[at] = seen

    def _choose(self, logits: Any, requests: np.ndarray, seen: Any) -> Any:
        """The next token of each row, which drawn and seen are told."""
        chosen = choose(logits, self._drawn.noise(requests), self._settings, seen)
        if seen is not None:
            seen.scatter_(-1, chosen[:, None], True)
        self._drawn.add(requests, chosen.cpu().numpy())
        return chosen

    def _keep(self, rows: np.ndarray) -> None:
        import torch

        self.requests = self.requests[rows]
        if not len(rows) or self._slots is None:
            return
        at = torch.as_tensor(rows, device=self._next.device)
        self._slots.move(at, self._slots.lengths[at])
        self._next = self._next[at]
        self._seen = None if self._seen is None else self._seen[at]


def _seen(prompts: list[list[int]], logits: Any) -> Any:
    """Which tokens stand in each prompt, (B, V)."""
    seen = logits.new_zeros(len(prompts), logits.shape[1], dtype=bool)
    for row, ids in enumerate(prompts):
        seen[row, ids] = True
    return seen
