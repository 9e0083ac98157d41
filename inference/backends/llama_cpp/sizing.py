"""How much memory a model will take, and the context that fits, before anything is loaded.

The weights and the cache of keys and values follow from the header to within a few percent; the work buffers are
bounded from above. An estimate that is too small freezes the machine in swapping, one that is too large refuses a
model that would run, so only a tenth of the free memory is kept back.
"""

from dataclasses import dataclass

from inference.errors import ContextTooLarge, ModelTooLarge
from inference.gguf import GgufHeader

_DEFAULT_CONTEXT = 8192
"""Enough for passages, history and answer; more memory only when asked for."""
_LEAST_CONTEXT = 2048
"""Below this a question with passages does not fit: such a model is called too large."""
_STEP = 256
"""llama.cpp rounds contexts up to this."""
_KEPT_FREE = 0.9
_FIXED_BYTES = 48 << 20
_MB = 1 << 20
_SECONDS_BETWEEN_CHECKS = 0.06
_CORE_FLOPS = 2e10
"""What a slow core does in matrix products; sets how much work lies between two looks at the stop flag."""


@dataclass(frozen=True)
class Needs:
    """Memory that a model takes, in bytes."""

    weights: int
    cache_per_token: int
    work: int

    def total(self, context_tokens: int) -> int:
        return self.weights + self.cache_per_token * context_tokens + self.work

    def largest_context(self, free: int) -> int:
        room = free - self.weights - self.work
        return max(0, room // max(1, self.cache_per_token) // _STEP * _STEP)


def needs(header: GgufHeader, weights: int, batch_tokens: int) -> Needs:
    """Estimate from the header; `weights` are those of all parts of a split model."""
    width = header.own("embedding_length")
    widest = max(header.own("feed_forward_length"), 4 * width)
    work = 4 * batch_tokens * (2 * widest + 8 * width) + 4 * header.vocabulary + _FIXED_BYTES
    return Needs(weights=weights, cache_per_token=_cache_per_token(header), work=work)


def _cache_per_token(header: GgufHeader) -> int:
    layers, heads = header.own("block_count"), header.own("attention.head_count")
    if heads == 0:
        return 0  # Recurrent models keep a state of fixed size instead.
    compressed = header.own("attention.kv_lora_rank")
    if compressed and header.own("attention.key_length_mla"):
        return 2 * layers * (compressed + header.own("rope.dimension_count"))
    head = header.own("embedding_length") // heads
    each = header.own("attention.key_length", head) + header.own("attention.value_length", head)
    return 2 * each * _cached_heads(header, layers, heads)


def _cached_heads(header: GgufHeader, layers: int, heads: int) -> int:
    per_layer = header.metadata.get(f"{header.architecture}.attention.head_count_kv")
    if isinstance(per_layer, tuple):
        return sum(int(each) for each in per_layer)
    return layers * (header.own("attention.head_count_kv", heads) or heads)


def choose_context(header: GgufHeader, asked: int | None, needed: Needs, free_mb: int) -> int:
    """Return the context to load with.

    Raises:
        ModelTooLarge: Not even the smallest useful context fits.
        ContextTooLarge: The context asked for is longer than the memory allows, or than the model was trained for.
    """
    free = int(free_mb * _MB * _KEPT_FREE)
    trained = header.own("context_length")
    least = min(_LEAST_CONTEXT, trained or _LEAST_CONTEXT, asked or _LEAST_CONTEXT)
    if needed.total(least) > free:
        raise _too_large(header, needed.total(least), free_mb)
    longest = min(needed.largest_context(free), trained) if trained else needed.largest_context(free)
    if asked is None:
        return max(least, min(longest, _DEFAULT_CONTEXT))
    if asked > max(longest, least):
        raise _context_too_large(header, asked, max(longest, least), trained)
    return asked


def _too_large(header: GgufHeader, needed: int, free_mb: int) -> ModelTooLarge:
    needed_mb = -(-needed // _MB)
    message = f"The model {header.path.name} needs {needed_mb} MB of memory; {free_mb} MB are free."
    remedy = "Close other programs, or choose a smaller model or one with stronger quantisation."
    return ModelTooLarge(message, remedy=remedy, path=header.path, needed_mb=needed_mb, free_mb=free_mb)


def _context_too_large(header: GgufHeader, asked: int, longest: int, trained: int) -> ContextTooLarge:
    over_trained = bool(trained) and asked > trained
    limit = f"was trained for {trained} tokens" if over_trained else f"has memory for {longest} tokens"
    message = f"A context of {asked} tokens is too large: {header.path.name} {limit}."
    remedy = f"Set the context to {longest} tokens or fewer."
    return ContextTooLarge(message, remedy=remedy, path=header.path, largest_tokens=longest)


def layers_on_gpu(header: GgufHeader, needed: Needs, context_tokens: int, free_mb: int) -> int:
    """Return how many layers, the output's included, fit beside their caches into a device's free memory."""
    layers = header.own("block_count") + 1
    each = (needed.weights + needed.cache_per_token * context_tokens) / layers
    room = free_mb * _MB * _KEPT_FREE - needed.work
    return max(0, min(layers, int(room // each))) if each else 0


def micro_batch(header: GgufHeader, batch_tokens: int, cores: int) -> int:
    """Return how many prompt tokens to evaluate at once on the CPU.

    llama.cpp looks at the stop flag between two operations; with a large model and many tokens one operation takes
    longer than a user should wait for a stop.
    """
    used_experts = max(1, header.own("expert_used_count"))
    operations = 2 * max(1, header.largest_matrix) * used_experts
    tokens = int(_SECONDS_BETWEEN_CHECKS * _CORE_FLOPS * cores / operations)
    return max(min(64, batch_tokens), min(batch_tokens, 1 << max(0, tokens.bit_length() - 1)))
