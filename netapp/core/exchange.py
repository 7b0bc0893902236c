"""An HTTP request's head and its response, as values: what a pure function answers and makes.

``netapp.core.http`` carries them; this module knows no Twisted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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


Answer = Callable[[Asked], Response]
