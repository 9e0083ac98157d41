"""Run a command in a network namespace that holds nothing but loopback, where the system lets us.

    python netless.py COMMAND [ARG...]

The tests have their own guard that reports every attempt made through Python's sockets; this one also stops native
code, which has sockets of its own. Where namespaces are not to be had the command simply runs.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1


def enter() -> bool:
    """Leave the network; returns whether that worked."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        return False
    _raise_loopback()
    return True


def _raise_loopback() -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | _IFF_UP, b""))


if __name__ == "__main__":
    if not enter():
        print("The network stays reachable: no network namespace here.", file=sys.stderr)
    os.execvp(sys.argv[1], sys.argv[1:])
