"""One program for each side of a comparison: they run as processes of their own, one after the other."""
