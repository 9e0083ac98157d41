"""A collection as one file: `.carrel`, described for other programs in `docs/bundle-format.md`."""
