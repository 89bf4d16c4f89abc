"""A supervisor's beginning: it waits to be told of a run folder, then is that folder's supervisor.

The engine keeps one waiting, so that the start of a task does not wait for an interpreter's. It
ends when the engine's end of the channel is closed, whoever closed it.
"""

import _socket
import os
import sys

from .files import SAFE
from .processes import inherit_orphans
from .start import LOCK, READY, start

CHANNEL = LOCK  # a descriptor: it is closed before the lock takes its place
ADOPT, START = b"adopt", b"start"
LONGEST = 8192  # bytes of an order
_DESCRIPTOR = 4  # bytes of one in a message


def wait() -> None:
    """Receive an order with the folder's lock, and carry it out."""
    channel = _socket.socket(fileno=CHANNEL)
    try:
        order, fds = _receive(channel, _socket.MSG_DONTWAIT)
    except BlockingIOError:
        from . import watch  # noqa: F401, there is time for it now

        inherit_orphans()

        order, fds = _receive(channel, 0)
    channel.close()
    if order:
        _obey(order, fds)


def _receive(channel: _socket.socket, flags: int) -> "tuple[bytes, list[int]]":
    order, rest, _, _ = channel.recvmsg(
        LONGEST, _socket.CMSG_SPACE(2 * _DESCRIPTOR), flags | _socket.MSG_CMSG_CLOEXEC
    )
    data = rest[0][2] if rest else b""
    starts = range(0, len(data), _DESCRIPTOR)
    return order, [int.from_bytes(data[i : i + _DESCRIPTOR], sys.byteorder) for i in starts]


def _obey(order: bytes, fds: "list[int]") -> None:
    verb, _, folder = order.partition(b" ")
    os.chdir(folder)
    for received, wanted in zip(fds, (LOCK, READY)):  # noqa: B905
        os.dup2(received, wanted, inheritable=False)
    complaints = os.open("lock", os.O_WRONLY | os.O_APPEND | SAFE)
    for output in (1, 2):
        os.dup2(complaints, output)
    os.closerange(READY + 1, 1024)  # also what a library in the engine's process may have left open
    if verb == ADOPT:
        from .watch import adopt

        adopt()
    elif task := start():
        from .watch import watch

        watch(task)
