"""One file fetched whole, by HTTP or by its bare name, and thrown away; with its length checked."""

import socket
import time
from dataclasses import dataclass

from benchmarks.process import LOOPBACK, Failed

_BUFFER = 1024 * 1024
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Transfer:
    """Seconds from the connection to the first octet, and from there to the end."""

    waited: float
    seconds: float


def plain_transfer(port: int, name: str, size: int) -> Transfer:
    """:raises Failed: not ``size`` octets came."""
    begun = time.perf_counter()
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        client.sendall(name.encode())
        came = len(client.recv(65536))
        first = time.perf_counter()
        came += _drain(client)
    return _checked("a bare name", came, size, Transfer(first - begun, time.perf_counter() - first))


def http_transfer(port: int, name: str, size: int) -> Transfer:
    """As :func:`plain_transfer`, by one HTTP request that asks for the connection's end."""
    begun = time.perf_counter()
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        client.sendall(f"GET /{name} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
        head = client.recv(65536)
        first = time.perf_counter()
        while b"\r\n\r\n" not in head:
            if not (more := client.recv(65536)):
                raise Failed(f"no HTTP answer but {head[:80]!r}")
            head += more
        head, _, body = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise Failed(f"HTTP says {head[:40]!r}")
        came = len(body) + _drain(client)
    return _checked("HTTP", came, size, Transfer(first - begun, time.perf_counter() - first))


def _checked(what: str, came: int, size: int, transfer: Transfer) -> Transfer:
    if came != size:
        raise Failed(f"{what} gave {came} octets, not {size}")
    return transfer


def _drain(client: socket.socket) -> int:
    """Read to the close.  :returns: octets."""
    buffer, came = bytearray(_BUFFER), 0
    while count := client.recv_into(buffer):
        came += count
    return came
