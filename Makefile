# Thin: every task is `python3 packaging/dev.py TASK`, which does its own set-up (and works where make is absent).
PYTHON ?= python3
TASKS = run test check bench eval soak fuzz screenshots bundle setup clean

.PHONY: help $(TASKS)
help:
	@$(PYTHON) packaging/dev.py help

$(TASKS):
	@$(PYTHON) packaging/dev.py $@ $(ARGS)
