"""One module for each figure: `run(options)` measures both sides and returns a `Figure`."""
