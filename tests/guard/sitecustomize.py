"""Loaded by every Python that a test starts, since the tests put this folder on PYTHONPATH: blocks the network."""

import netguard

netguard.install()
