"""One llama.cpp context: evaluates tokens, forgets them, and can be stopped from another thread at any moment.

llama.cpp asks an abort callback before each operation of its graph, thousands of times a second. A Python function
there would take the GIL each time and cost more than a tenth of the speed, so the C library's `strlen` is the callback:
it is given two bytes, "" means go on and "x" means stop, and raising the flag is writing one byte.
"""

import ctypes
import sys
import threading
from collections.abc import Callable, Sequence

from inference.backends.llama_cpp.bindings import ABORTED, api
from inference.types import CancelToken


class AbortSwitch:
    """The stop flag that llama.cpp reads. `arm` ties it to one job, so that late stops of old jobs do nothing."""

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)
        self._lock = threading.Lock()
        self._current: CancelToken | None = None
        strlen = ctypes.cast(_c_library().strlen, ctypes.c_void_p)
        self.callback = api.ggml_abort_callback(strlen.value or 0)
        self.data = ctypes.cast(self._flag, ctypes.c_void_p)

    def arm(self, token: CancelToken) -> None:
        with self._lock:
            self._current = token
            self._flag[0] = b"\0"
        token.when_cancelled(lambda: self._stop(token))

    def disarm(self) -> None:
        with self._lock:
            self._current = None
            self._flag[0] = b"\0"

    def _stop(self, token: CancelToken) -> None:
        with self._lock:
            if self._current is token:
                self._flag[0] = b"x"


def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL("ucrtbase") if sys.platform == "win32" else ctypes.CDLL(None)


class Context:
    """Evaluates tokens of one sequence; on the llm thread only.

    Attributes:
        size: Tokens that fit, prompt and answer together.
        step: Tokens to hand over at once, so that progress and stops come in time.
    """

    def __init__(self, pointer: int, step: int) -> None:
        self.pointer = pointer
        self.size: int = api.llama_n_ctx_seq(pointer)
        self.step = step
        self.switch = AbortSwitch()
        api.llama_set_abort_callback(pointer, self.switch.callback, self.switch.data)
        self._memory = api.llama_get_memory(pointer)
        self._one = (api.llama_token * 1)()
        self._one_batch = api.llama_batch_get_one(self._one, 1)

    def evaluate(self, tokens: Sequence[int]) -> bool:
        """Append tokens to the sequence; returns False if it was stopped on the way."""
        array = (api.llama_token * len(tokens))(*tokens)
        return self._decoded(api.llama_decode(self.pointer, api.llama_batch_get_one(array, len(tokens))))

    def stepper(self) -> Callable[[int], bool]:
        """Return a fast `evaluate` for one token: the loop of an answer has no time for anything else."""
        decode, pointer, one, batch = api.llama_decode, self.pointer, self._one, self._one_batch

        def step(token: int) -> bool:
            one[0] = token
            code = decode(pointer, batch)
            return code == 0 or self._decoded(code)

        return step

    def keep(self, count: int) -> int:
        """Forget all but the first `count` tokens; returns how many really stay (recurrent models keep none)."""
        held = int(api.llama_memory_seq_pos_max(self._memory, 0)) + 1
        if held <= count:
            return held
        if count > 0 and api.llama_memory_seq_rm(self._memory, 0, count, -1):
            return count
        api.llama_memory_clear(self._memory, True)
        return 0

    def close(self) -> None:
        if self.pointer:
            api.llama_free(self.pointer)
            self.pointer = 0

    @staticmethod
    def _decoded(code: int) -> bool:
        if code == ABORTED:
            return False
        if code != 0:
            raise RuntimeError(f"llama_decode returned {code}")
        return True
