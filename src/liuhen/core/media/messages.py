"""One message and one descriptor at a time, between asker, fork server and children (SOCK_SEQPACKET)."""

from __future__ import annotations

import array
import json
import socket
from typing import Any

_LIMIT = 64 << 10


def send(link: socket.socket, request: dict[str, Any], answer: socket.socket) -> None:
    """A request, with the socket that its answer goes to. Raises OSError when nobody is there."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [answer.fileno()]))]
    link.sendmsg([json.dumps(request).encode("ascii")], rights, socket.MSG_NOSIGNAL)


def receive(link: socket.socket) -> tuple[bytes, list[int]]:
    """The next message and the descriptors that came with it; empty when the other side is gone."""
    message, ancillary, _, _ = link.recvmsg(_LIMIT, socket.CMSG_LEN(4), socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return message, list(fds)
