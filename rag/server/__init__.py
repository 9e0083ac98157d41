"""Commands of other processes of this user, run through the program that owns the data folder."""
