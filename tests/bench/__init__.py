"""Speed, each figure a ratio of two things measured in one run: `python -m tests.bench [NAME ...]`."""
