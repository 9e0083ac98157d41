"""Carrel: ask your own documents, offline. This package only starts the program; see `carrel.launcher`."""
