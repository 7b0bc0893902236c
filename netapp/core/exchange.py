"""An HTTP request's head and its response, as values: what a pure function answers and makes.

``netapp.core.http`` carries them; this module knows no Twisted.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netapp.core.sessions import Slice


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's head.  The body, if there is one, is not read."""

    method: str
    target: bytes  # the request-target as it came: RFC 9112 section 3.2
    headers: Mapping[str, Sequence[str]]  # field names in lower case; values as they came, in Latin-1

    def header(self, name: str) -> str | None:
        """A field's value, several lines of it as one list (RFC 9110 section 5.3)."""
        values = self.headers.get(name)
        return None if values is None else ", ".join(values)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.  ``parts`` are left out for HEAD; Content-Length is the caller's to give."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    parts: tuple[bytes | Slice, ...] = ()
    close: bool = False


#: A response at once, or one that comes later.
Answer = Callable[[Asked], Response | Coroutine[Any, Any, Response]]


def is_ambiguous(hosts: Sequence[bytes], codings: Sequence[bytes], version: bytes) -> bool:
    """Whether another server might read this head differently: RFC 9112 sections 3.2 and 6.3.

    :param hosts: the values of Host.
    :param codings: those of Transfer-Encoding.
    """
    if len(hosts) > 1 or (version == b"HTTP/1.1" and not hosts):
        return True
    return bool(codings) and (version != b"HTTP/1.1" or [each.lower() for each in codings] != [b"chunked"])
