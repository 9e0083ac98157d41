"""The one executable of the bundle: the window without arguments, the command line with them.

The llama.cpp inside is built for x86-64-v3 (AVX2: every Intel Core since 2013, AMD since 2015); on an older processor
it would end with "illegal instruction" at the first answer, so that is said at the start instead.
"""

import platform
import sys
from pathlib import Path

_WINDOWS_AVX2 = 40  # PF_AVX2_INSTRUCTIONS_AVAILABLE


def processor_is_new_enough() -> bool:
    """Tell whether this processor runs the bundled llama.cpp."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(_WINDOWS_AVX2))
    cpuinfo = Path("/proc/cpuinfo")
    return not cpuinfo.exists() or " avx2 " in cpuinfo.read_text(encoding="utf-8", errors="replace")


def start() -> int:
    """Start the program, or say why it cannot run here; returns the exit status."""
    if not processor_is_new_enough():
        print("This build of Carrel needs a processor with AVX2 (2013 or later).", file=sys.stderr)
        print("On this computer run it from the sources: `make run` builds for any processor.", file=sys.stderr)
        return 1
    from carrel.launcher import main

    return main()


if __name__ == "__main__":
    sys.exit(start())
