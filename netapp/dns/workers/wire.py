"""What goes through a worker's pipe: frames of plain values, their length before them.

Plain values only (octets, text, numbers, tuples, lists, dictionaries): whoever reads them makes
things of them, and nothing is made by itself.  Both ends are the same Python.
"""

import marshal
import struct
from collections.abc import Iterator
from typing import Any, Final

from netapp.errors import WireError

Values = tuple[Any, ...]
_LENGTH: Final = struct.Struct("!I")


def pack(*values: Any) -> bytes:
    """One frame.  :param values: the first says what the others are."""
    octets = marshal.dumps(values)
    return _LENGTH.pack(len(octets)) + octets


class Frames:
    """Frames out of octets, however they are cut.

    :param most: octets of the largest frame; None for no bound.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._buffer = bytearray()

    def receive(self, data: bytes) -> Iterator[Values]:
        """What is whole now; read all of it before the next call.

        :raises WireError: a frame is too large, or none of ours.
        """
        buffer = self._buffer
        buffer += data
        at = 0
        try:
            while len(buffer) - at >= _LENGTH.size:
                (length,) = _LENGTH.unpack_from(buffer, at)
                if self._most is not None and length > self._most:
                    raise WireError(f"a frame of {length} octets", source="netapp.dns.workers.wire")
                end = at + _LENGTH.size + length
                if len(buffer) < end:
                    break
                with memoryview(buffer) as view, view[at + _LENGTH.size : end] as frame:
                    values = _read(frame)
                at = end
                yield values
        finally:
            del buffer[:at]


def _read(frame: memoryview) -> Values:
    """:raises WireError: octets that are no tuple of plain values."""
    try:
        values = marshal.loads(frame)  # noqa: S302  (our own child's, or our own starter's)
    except (EOFError, ValueError, TypeError):
        values = None
    if not isinstance(values, tuple) or not values:
        raise WireError("a frame that cannot be read", source="netapp.dns.workers.wire")
    return values
