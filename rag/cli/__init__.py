"""The command line: the same things that the window does, for terminals and scripts."""
