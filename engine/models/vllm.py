"""What every vLLM engine of this program has in common: its environment, and that there is one per
process, because two die together.
"""

ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "1",
}
"""Set before vLLM is imported, unless the user set them: no process of its own that could outlive a
killed worker, no report to anybody, and on a CPU (GPUs ignore the last two) no pinned threads and 1
GiB of key-value cache."""

CPU_BLOCK_TOKENS = 32
"""Tokens per block of the key-value cache on a CPU. vLLM's own 128 shares only prompts longer than
that; on the starter policy 32 is a quarter faster."""

_taken = False


def is_taken() -> bool:
    """Whether a vLLM engine is open in this process."""
    return _taken


def set_taken(taken: bool) -> None:
    global _taken
    _taken = taken
