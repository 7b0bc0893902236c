"""A network of its own: every port is free there, whatever runs on this machine.

It belongs to the thread that is inside, to the threads and the processes that it starts, and goes
with the last of them.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import real

_NEWNET = 0x40000000  # CLONE_NEWNET: unshare(2), setns(2)
_HERE = "/proc/thread-self/ns/net"


@contextmanager
def empty_network(*addresses: str) -> Iterator[int]:
    """A handle of the network, for :func:`inside`; the test is skipped where none can be made.

    :param addresses: which it has beside loopback's.
    """
    ip = real.tool("ip", "iproute2")
    with open(_HERE) as home:
        try:
            _call("unshare", _NEWNET)
        except (OSError, AttributeError) as error:
            pytest.skip(f"no network namespace can be made here: it takes root ({error})")
        try:
            handle = os.open(_HERE, os.O_RDONLY)
            subprocess.run([ip, "link", "set", "lo", "up"], check=True)
            for address in addresses:
                subprocess.run([ip, "address", "add", f"{address}/32", "dev", "lo"], check=True)
        finally:
            _call("setns", home.fileno(), _NEWNET)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def inside(handle: int) -> Iterator[None]:
    """This thread is in the network; what it starts and opens stays there."""
    with open(_HERE) as home:
        _call("setns", handle, _NEWNET)
        try:
            yield
        finally:
            _call("setns", home.fileno(), _NEWNET)


def _call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
