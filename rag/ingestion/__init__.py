"""Documents on their way down: files are found, read in child processes, cut into passages, stored and embedded."""
