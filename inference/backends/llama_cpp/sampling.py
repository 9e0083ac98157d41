"""Chooses the next token: llama.cpp's own sampler chain, in the order that llama.cpp's tools use."""

import secrets

import numpy as np

from inference.backends.llama_cpp.bindings import Vocabulary, api
from inference.errors import GrammarInvalid
from inference.types import Sampling

_RANDOM_SEED = 0xFFFFFFFF
"""llama.cpp reads this seed as "draw one"; it must not be reached by accident."""

SamplerPointer = object


class Sampler:
    """The choice of tokens for one answer; called on the llm thread, closed after the answer.

    Raises:
        GrammarInvalid: At construction; llama.cpp would end the process at the first token.
    """

    def __init__(self, vocabulary: Vocabulary, sampling: Sampling, prompt: list[int], context_tokens: int) -> None:
        self._vocabulary = vocabulary
        self._chain: SamplerPointer | None = None
        self._greedy = sampling.temperature <= 0 and not sampling.grammar and not _penalises(sampling)
        if not self._greedy:
            self._chain = self._build(sampling, prompt, context_tokens)

    def sample(self, context: int) -> int:
        """Return the next token from the logits of the last evaluated one."""
        if self._chain is not None:
            return int(api.llama_sampler_sample(self._chain, context, -1))
        # The same choice as llama.cpp's greedy sampler, without its copy of the whole vocabulary for each token.
        logits = api.llama_get_logits_ith(context, -1)
        return int(np.ctypeslib.as_array(logits, shape=(self._vocabulary.size,)).argmax())

    def close(self) -> None:
        if self._chain is not None:
            api.llama_sampler_free(self._chain)
            self._chain = None

    def _build(self, sampling: Sampling, prompt: list[int], context_tokens: int) -> SamplerPointer:
        grammar = self._grammar(sampling.grammar) if sampling.grammar else None
        chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        if grammar is not None:
            api.llama_sampler_chain_add(chain, grammar)
        if _penalises(sampling):
            penalties = _penalties(self._vocabulary, sampling, prompt, context_tokens)
            api.llama_sampler_chain_add(chain, penalties)
        for sampler in _choices(sampling):
            api.llama_sampler_chain_add(chain, sampler)
        return chain

    def _grammar(self, text: str) -> SamplerPointer:
        made = api.llama_sampler_init_grammar(self._vocabulary.pointer, text.encode(), b"root")
        if not made:
            message = "The grammar that the answer should follow is not valid."
            raise GrammarInvalid(message, remedy="Write it in GBNF, with a rule named root and no left recursion.")
        return made


def _penalises(sampling: Sampling) -> bool:
    return sampling.repeat_last_n != 0 and (
        sampling.repeat_penalty != 1.0 or sampling.frequency_penalty != 0.0 or sampling.presence_penalty != 0.0
    )


def _penalties(vocabulary: Vocabulary, sampling: Sampling, prompt: list[int], context_tokens: int) -> SamplerPointer:
    last = sampling.repeat_last_n if sampling.repeat_last_n > 0 else context_tokens
    made = api.llama_sampler_init_penalties(
        vocabulary.size, last, sampling.repeat_penalty, sampling.frequency_penalty, sampling.presence_penalty
    )
    for token in prompt[-last:]:
        api.llama_sampler_accept(made, token)
    return made


def _choices(sampling: Sampling) -> list[SamplerPointer]:
    if sampling.temperature <= 0:
        return [api.llama_sampler_init_greedy()]
    return [
        api.llama_sampler_init_top_k(sampling.top_k),
        api.llama_sampler_init_typical(sampling.typical_p, 1),
        api.llama_sampler_init_top_p(sampling.top_p, 1),
        api.llama_sampler_init_min_p(sampling.min_p, 1),
        api.llama_sampler_init_temp(sampling.temperature),
        api.llama_sampler_init_dist(_seed(sampling.seed)),
    ]


def _seed(seed: int | None) -> int:
    if seed is None:
        return secrets.randbelow(_RANDOM_SEED)
    return seed % _RANDOM_SEED
