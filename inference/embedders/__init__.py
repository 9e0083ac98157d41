"""Ways to turn texts into vectors; opened by name or folder in `catalogue`."""
