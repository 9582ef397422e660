"""Sampling through a vLLM engine in this process: requests stream in as others finish, with no
barrier between batches.

Guaranteed: every response has its own seed (Request.seed folded into 63 bits), so its noise is the
same whatever the order, the batch size or an earlier stop; a policy is never re-pointed at other
weights. On the starter policy in fp32, tested: equal texts whatever the batch, and greedy texts
equal to hf_local's. Not guaranteed: equal texts where the backend is not batch- invariant to the
last bit, because two tokens that are nearly tied can swap (VLLM_BATCH_INVARIANT=1 asks vLLM for
batch- invariant kernels on GPUs that have them). Noise is drawn in vLLM's own way: at a temperature
above 0 texts differ from hf_local's, and a temperature below 0.01 is taken as 0.01.

Two engines in one process die together, so a second open one is refused.
"""

import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from engine.errors import SamplerError
from engine.models import vllm
from engine.models.tokens import (
    Rendered,
    cannot_load,
    end_tokens,
    load_tokenizer,
    render,
)
from engine.samplers.finished import as_response
from engine.samplers.hand_out import HandOut, handed_out
from engine.thinking import closing, is_mark
from engine.types import InFlight, Request, Response, SamplingSettings

GPU_MEMORY_SHARE = 0.7
"""Share of the GPU's memory for weights and cache where the reward model's size is unknown, so that
it finds room. Ours, a guess.
"""


class VllmSampler:
    """A causal language model from a folder, served by vLLM in this process.

    Args:
        path: folder with config, tokenizer and safetensors, or a hub id.
        batch_size: requests in flight.
        trust_remote_code: run code that comes with the model.
        memory_share: of the GPU, for weights and cache: see engine.placement.seating. None takes
            GPU_MEMORY_SHARE; a CPU ignores it.
        tensor_parallel_size: GPUs that share the weights.
        dtype: float32, bfloat16, or by_device: float32 on a CPU, bfloat16 elsewhere.

    Raises: SamplerError if the policy cannot be loaded, or another vLLM engine is open in this
    process.
    """

    def __init__(
        self,
        path: str,
        *,
        batch_size: int = 256,
        trust_remote_code: bool = False,
        memory_share: float | None = None,
        tensor_parallel_size: int = 1,
        dtype: str = "by_device",
    ):
        if vllm.is_taken():
            raise SamplerError(
                "A model is already open in vLLM in this process, and two engines in one process"
                ' die together. Close it first, or set placement = "worker": one process per model.'
            )
        for name, value in vllm.ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        self.tokenizer, self._generation_config = load_tokenizer(
            path, trust_remote_code=trust_remote_code
        )
        try:
            self._llm: Any = _start(
                path,
                batch_size,
                trust_remote_code,
                memory_share or GPU_MEMORY_SHARE,
                tensor_parallel_size,
                dtype,
                **_closes_thinking(self.tokenizer),
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise cannot_load(path, error) from error
        vllm.set_taken(True)
        self.batch_size = batch_size
        self.in_flight: InFlight | None = None
        self.n_positions = self._llm.model_config.max_model_len
        self._sampling = False
        self._n_calls = 0

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """See Sampler. Longest prompts first; responses are handed out in the order they finish.

        Raises: SamplerError while an earlier call's generator is neither finished nor closed.
        """
        ends = end_tokens(self._generation_config, self.tokenizer, settings)
        read = render(self.tokenizer, {request.prompt for request in requests}, settings)
        fits, refused = [], []
        for request in requests:
            (fits if 0 < len(read[request.prompt].ids) < self.n_positions else refused).append(
                request
            )
        if refused:
            yield [Response(r.problem_id, r.index, r.seed, "", "refused", 0) for r in refused]
        fits.sort(key=lambda r: (-len(read[r.prompt].ids), r.problem_id, r.index))
        yield from handed_out(
            self._stream(fits, read, ends, settings), HandOut(self.batch_size, len(fits))
        )

    def close(self) -> None:
        """Give memory and device back. Safe to call twice."""
        if self._llm is None:
            return
        # vLLM is an optional installation
        from vllm.distributed import (  # pyright: ignore[reportMissingImports]
            cleanup_dist_env_and_memory,
        )

        self._llm.llm_engine.engine_core.shutdown()
        self._llm = None
        cleanup_dist_env_and_memory()
        vllm.set_taken(False)

    def _stream(
        self,
        requests: list[Request],
        read: dict[str, Rendered],
        ends: list[int],
        settings: SamplingSettings,
    ) -> Generator[list[Response]]:
        """What finished in each engine step. Keeps batch_size requests in flight; aborts them if it
        is closed early.
        """
        if self._sampling:
            raise SamplerError(
                "This policy is already sampling. Finish or close the earlier call's generator"
                " first."
            )
        engine = self._llm.llm_engine
        self._sampling = True
        self._n_calls += 1
        waiting = deque(enumerate(requests))
        in_flight: dict[str, Request] = {}
        try:
            while waiting or in_flight:
                while waiting and len(in_flight) < self.batch_size:
                    number, request = waiting.popleft()
                    name, prompt = f"{self._n_calls}-{number}", read[request.prompt].ids
                    in_flight[name] = request
                    engine.add_request(
                        name,
                        {"prompt_token_ids": prompt},
                        self._params(request, len(prompt), ends, settings),
                    )
                self.in_flight = InFlight(len(in_flight), None)
                done = [
                    (in_flight.pop(output.request_id), output.outputs[0].token_ids)
                    for output in engine.step()
                    if output.finished
                ]
                if done:
                    stop, by = settings.stop, self.tokenizer
                    yield [as_response(by, r, read[r.prompt], ids, ends, stop) for r, ids in done]
        finally:
            engine.abort_request(list(in_flight))
            self._sampling, self.in_flight = False, None

    def _params(
        self, request: Request, n_prompt_tokens: int, ends: list[int], settings: SamplingSettings
    ):
        """vLLM's settings of one request. Its own end-of-sequence rule is off: the stop tokens are
        hf_local's.
        """
        # vLLM is an optional installation
        from vllm import SamplingParams  # pyright: ignore[reportMissingImports]
        from vllm.sampling_params import (  # pyright: ignore[reportMissingImports]
            RequestOutputKind,
        )

        return SamplingParams(
            temperature=settings.temperature,
            top_p=settings.top_p,
            top_k=settings.top_k,
            min_p=settings.min_p,
            repetition_penalty=settings.repetition_penalty,
            thinking_token_budget=settings.thinking_tokens or None,
            max_tokens=min(settings.max_new_tokens, self.n_positions - n_prompt_tokens),
            seed=request.seed % 2**63 if settings.temperature else None,
            ignore_eos=True,
            stop_token_ids=ends,
            stop=list(settings.stop),
            detokenize=bool(settings.stop),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )


def _start(
    path: str,
    batch_size: int,
    trust_remote_code: bool,
    memory_share: float,
    tensor_parallel_size: int,
    dtype: str,
    **options,
):
    """The engine, with as long a context as its memory allows.

    On a CPU: no compilation (minutes), and every prompt read in one step, because
    vLLM 0.31 rewinds the seed of a half-read prompt in a way that only GPUs have: it stops with
    "CPU Generator does not use offset".
    """
    import torch
    from vllm import LLM  # pyright: ignore[reportMissingImports] (an optional installation)

    has_gpu = torch.cuda.is_available()
    if dtype == "by_device":
        dtype = "bfloat16" if has_gpu else "float32"
    on_gpu = {"gpu_memory_utilization": memory_share}
    spread = (
        {"tensor_parallel_size": tensor_parallel_size, "distributed_executor_backend": "mp"}
        if tensor_parallel_size > 1
        else {}
    )
    on_cpu = {
        "enforce_eager": True,
        "block_size": vllm.CPU_BLOCK_TOKENS,
        "enable_chunked_prefill": False,
    }
    return LLM(
        model=path,
        tokenizer=path,
        trust_remote_code=trust_remote_code,
        max_num_seqs=batch_size,
        max_model_len=-1,
        enable_prefix_caching=True,
        disable_log_stats=True,
        dtype=dtype,
        **spread,
        **options,
        **(on_gpu if has_gpu else on_cpu),
    )


def _closes_thinking(tokenizer: Any) -> dict:
    """What vLLM needs to know to close thinking; nothing for a policy whose tokenizer has no marks
    for it.
    """
    known = tokenizer.get_vocab()
    opens = (text for text in known if is_mark(text) and closing(text) in known)
    mark = min(opens, key=lambda text: (text != "<think>", known[text]), default=None)
    if mark is None:
        return {}
    return {"reasoning_config": {"reasoning_start_str": mark, "reasoning_end_str": closing(mark)}}
