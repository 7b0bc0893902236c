"""One file fetched whole, by HTTP or by its bare name, and thrown away; with its length checked."""

import socket
import time

from benchmarks.process import LOOPBACK, Failed

_BUFFER = 1024 * 1024
_PATIENCE = 10.0


def plain_transfer(port: int, name: str, size: int) -> float:
    """:returns: seconds from the connection to the close.  :raises Failed: not ``size`` octets."""
    begun = time.perf_counter()
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        client.sendall(name.encode())
        came = _drain(client)
    if came != size:
        raise Failed(f"a bare name gave {came} octets, not {size}")
    return time.perf_counter() - begun


def http_transfer(port: int, name: str, size: int) -> float:
    """As :func:`plain_transfer`, by one HTTP request that asks for the connection's end."""
    begun = time.perf_counter()
    with socket.create_connection((LOOPBACK, port), _PATIENCE) as client:
        client.sendall(f"GET /{name} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            if not (more := client.recv(65536)):
                raise Failed(f"no HTTP answer but {head[:80]!r}")
            head += more
        head, _, body = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise Failed(f"HTTP says {head[:40]!r}")
        came = len(body) + _drain(client)
    if came != size:
        raise Failed(f"HTTP gave {came} octets, not {size}")
    return time.perf_counter() - begun


def _drain(client: socket.socket) -> int:
    """Read to the close.  :returns: octets."""
    buffer, came = bytearray(_BUFFER), 0
    while count := client.recv_into(buffer):
        came += count
    return came
