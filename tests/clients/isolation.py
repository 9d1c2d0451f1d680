"""A network without other hosts, for the clients and the fake that answers them.

The process that calls `leave_networks` moves into a network namespace of its own, which holds a
loopback interface and nothing else; what it starts from then on - the fake and every client - is
in there with it. A client that phones home finds no route, at once: no name is resolved, no
proxy is needed to stop it, and there is nothing it could be let through by. Packages are
installed before.

This needs Linux, and root or user namespaces (`unshare --map-root-user --net true` tells).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

# linux/sched.h, linux/sockios.h, linux/if.h
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


class NotIsolatedError(RuntimeError):
    """The system does not let this process leave its networks."""


def leave_networks() -> None:
    """Move this process into a network namespace that holds nothing but loopback.

    Raises:
        NotIsolatedError: the system does not allow it.
    """
    user, group = os.getuid(), os.getgid()
    try:
        _unshare(CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET)
    except OSError as error:
        raise NotIsolatedError(
            "the clients must not reach other hosts, but this system gives no network namespace: "
            f"{error.strerror}; expected Linux with user namespaces; run as root, or allow them "
            "(sysctl kernel.unprivileged_userns_clone=1, "
            "kernel.apparmor_restrict_unprivileged_userns=0)"
        ) from None
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def _unshare(flags: int) -> None:
    """Call unshare(2), which Python knows from 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
