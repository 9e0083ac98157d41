"""Block every socket that would leave this computer, and write each attempt down.

Loopback and local sockets pass. Attempts go to the file named by CARREL_NET_ATTEMPTS, so that those of child
processes are seen too: `sitecustomize` beside this file installs the guard in every Python that a test starts.
"""

import ipaddress
import os
import socket
import sys
from typing import Any

ATTEMPTS_VARIABLE = "CARREL_NET_ATTEMPTS"


class NetworkBlockedError(OSError):
    """Something tried to leave this computer during a test."""


def is_local(address: Any) -> bool:
    """Tell whether a socket address stays on this computer; paths and names of local sockets do."""
    # Netlink and the like have numbers where the internet families have a host.
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str | bytes):
        return True
    return is_local_host(address[0])


def is_local_host(host: Any) -> bool:
    """Tell whether a host name or number is this computer."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def install() -> None:
    """Replace the calls of `socket` that reach out; once for each process."""
    if getattr(socket.socket, "_carrel_guarded", False):
        return
    original = socket.socket

    class GuardedSocket(original):  # type: ignore[misc, valid-type]
        _carrel_guarded = True

        def connect(self, address: Any) -> None:
            _check(address)
            super().connect(address)

        def connect_ex(self, address: Any) -> int:
            _check(address)
            return super().connect_ex(address)

        def sendto(self, data: Any, *rest: Any) -> int:
            _check(rest[-1])
            return super().sendto(data, *rest)

    look_up = socket.getaddrinfo

    def guarded_getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        if not is_local_host(host):
            _refuse(str(host))
        return look_up(host, *rest, **options)

    socket.socket = GuardedSocket  # type: ignore[misc]
    socket.getaddrinfo = guarded_getaddrinfo


def _check(address: Any) -> None:
    if not is_local(address):
        _refuse(str(address))


def _refuse(target: str) -> None:
    if path := os.environ.get(ATTEMPTS_VARIABLE):
        # Unbuffered and appended: several processes may write at once.
        with open(path, "a", encoding="utf-8") as attempts:  # noqa: PTH123
            attempts.write(f"{os.path.basename(sys.argv[0] or 'python')}: {target}\n")  # noqa: PTH119
    raise NetworkBlockedError(f"network blocked in tests: {target}")
