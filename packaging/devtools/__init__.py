"""What `packaging/dev.py` is made of: set-up, builds and the commands, standard library only."""
