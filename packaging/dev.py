"""Carrel's tasks, with all their own set-up, from a fresh clone: `python3 packaging/dev.py run`.

The Makefile only calls this; where there is no make (Windows) it is used directly. It needs Python 3.11 or newer and
nothing else; run by an older Python it looks for a newer one. So this file keeps to what old Pythons can read.
"""

import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)


def find_newer_python():
    # type: () -> str
    """Return a Python that is new enough, or "" where there is none."""
    for minor in range(14, 10, -1):
        found = shutil.which("python3." + str(minor))
        if found:
            return found
    return ""


def main():
    # type: () -> int
    """Run one command; returns the exit status."""
    if sys.version_info[:2] < NEEDED:
        newer = find_newer_python()
        if newer:
            return subprocess.call([newer, os.path.abspath(__file__)] + sys.argv[1:])  # noqa: PTH100, RUF005
        sys.stderr.write("Carrel needs Python 3.11 or newer; this is %s.\n" % sys.version.split()[0])  # noqa: UP031
        sys.stderr.write("Install it, then run:  python3.11 packaging/dev.py run\n")
        return 1
    from devtools.commands import COMMANDS
    from devtools.progress import CommandFailedError
    from devtools.system import SetupError

    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name not in COMMANDS:
        for command, function in COMMANDS.items():
            print("%-12s %s" % (command, (function.__doc__ or "").splitlines()[0]))  # noqa: UP031
        return 0 if name in ("help", "-h", "--help") else 2
    try:
        return COMMANDS[name](sys.argv[2:])
    except SetupError as error:
        sys.stderr.write(str(error) + "\n")
    except CommandFailedError as failure:
        sys.stderr.write(failure.tail + "\n\n%s failed; everything it said is in %s\n" % (failure.what, failure.log))  # noqa: UP031
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
