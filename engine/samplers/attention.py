"""Attention of one new token per row, where several query heads share a key-value head.

The library's own path copies the whole cache once per query head that shares it, in every layer and
at every token. Here the query heads that share one are rows of one product.
"""

from typing import Any

NAME = "hs_star_grouped"


def use_grouped(model: Any) -> None:
    """Let a model on a CPU attend so, if it shares key-value heads and asks the library's table of
    attention functions. Not measured on GPUs, where it changes nothing.
    """
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    config = model.config
    n_heads = getattr(config, "num_attention_heads", 0)
    shares = n_heads != (getattr(config, "num_key_value_heads", None) or n_heads)
    takes_it = getattr(model, "_supports_attention_backend", False)
    if shares and takes_it and model.device.type == "cpu" and config._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, _attend)
        AttentionMaskInterface.register(NAME, sdpa_mask)
        model.set_attn_implementation(NAME)


def _attend(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    dropout: float = 0.0,
    scaling: float | None = None,
    **more: Any,
) -> tuple[Any, None]:
    """As transformers' sdpa_attention_forward: query (B, heads, L, width), key and value (B, shared
    heads, S, width), mask (B, 1, L, S) or None; returns (B, L, heads, width).
    """
    from torch.nn.functional import scaled_dot_product_attention
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    n_rows, n_heads, n_new, width = query.shape
    if n_new > 1 or more.get("position_bias") is not None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, **more
        )
    grouped = query.reshape(n_rows, key.shape[1], -1, width)
    out = scaled_dot_product_attention(grouped, key, value, attn_mask=attention_mask, scale=scaling)
    return out.reshape(n_rows, 1, n_heads, value.shape[-1]), None
