"""`python -m carrel`."""

import sys

from carrel.launcher import main

# Spawned worker processes import this module again under another name: they must not start the program.
if __name__ == "__main__":
    sys.exit(main())
