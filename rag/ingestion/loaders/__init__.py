"""One module for each format; `registry` chooses between them by what a file really contains."""
