"""The rules of GET and HEAD: a request's head in, a response out.  It opens files and reads nothing."""

import base64
import secrets
from collections.abc import Callable
from typing import Final

from netapp.core.exchange import Asked, Response
from netapp.core.languages import Speaker
from netapp.core.sessions import Slice
from netapp.errors import Busy, WireError
from netapp.file.http import conditions, wire
from netapp.file.http.page import folder_page
from netapp.file.http.ranges import Span, content_range, parse_ranges
from netapp.share.model import Missing
from netapp.share.store import Files, Reader

Fields = tuple[tuple[str, str], ...]

#: On every response: no guessing of types, and nothing that a file holds acts in our name.
_GUARDED: Final[Fields] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'"),
)
_PAGE_GUARDED: Final[Fields] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
)
_METHODS: Final = "GET, HEAD"


class Web:
    """Answers requests for one share.

    :param zh, en: the service's words.
    :param now: the time of day, seconds since 1970.
    """

    def __init__(self, share: Files, zh: Speaker, en: Speaker, now: Callable[[], float]) -> None:
        self._share, self._zh, self._en, self._now = share, zh, en, now
        self.requests = 0

    def answer(self, asked: Asked) -> Response:
        """:raises OSError: our disk's fault."""
        self.requests += 1
        try:
            return self._answer(asked)
        except Busy:
            return self._said(503, ("Retry-After", "5"))

    def _answer(self, asked: Asked) -> Response:
        if asked.method not in ("GET", "HEAD"):
            return self._said(405, ("Allow", _METHODS))
        try:
            name = wire.name_of(asked.target)
        except WireError:
            return self._said(400)
        try:
            reader = self._share.open(name) if not name.endswith(b"/") else None
        except Missing:
            reader = None
        if reader is None:
            return self._folder(name)
        try:
            response = self._file(asked, name, reader)
        except BaseException:  # a disk that fails
            reader.close()
            raise
        if not any(isinstance(part, Slice) for part in response.parts):
            reader.close()
        return response

    def _file(self, asked: Asked, name: bytes, reader: Reader) -> Response:
        entry = reader.entry
        about: Fields = (
            ("ETag", f'"{entry.etag}"'),
            ("Last-Modified", conditions.http_date(min(entry.mtime, self._now()))),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "no-cache"),  # keep it, but ask whether it has changed
        )
        status = conditions.precondition(asked, entry)
        if status == 304:
            return Response(304, (*self._dated(), *about))
        if status is not None:
            return self._said(status, *about[:1])
        spans: tuple[Span, ...] | None = None
        if (field := asked.header("range")) is not None and asked.method == "GET":
            spans = parse_ranges(field, entry.size) if conditions.range_holds(asked, entry) else None
        if spans == ():
            return self._said(416, ("Content-Range", content_range(None, entry.size)), *about[:1])
        about = (*about, *self._digest(asked, name, reader), *_GUARDED, *self._disposed(reader))
        kind = self._type(reader)
        if spans is None:
            whole = Slice(reader, 0, entry.size)
            fields = (("Content-Type", kind), ("Content-Length", str(entry.size)))
            return Response(200, (*self._dated(), *fields, *about), (whole,))
        if len(spans) == 1:
            return self._part(reader, kind, spans[0], about)
        return self._parts(reader, kind, spans, about)

    def _part(self, reader: Reader, kind: str, span: Span, about: Fields) -> Response:
        count = span[1] - span[0] + 1
        fields = (
            ("Content-Type", kind),
            ("Content-Length", str(count)),
            ("Content-Range", content_range(span, reader.entry.size)),
        )
        return Response(206, (*self._dated(), *fields, *about), (Slice(reader, span[0], count),))

    def _parts(self, reader: Reader, kind: str, spans: tuple[Span, ...], about: Fields) -> Response:
        """Several ranges in one body: RFC 9110 section 14.6."""
        boundary = secrets.token_hex(16)
        parts: list[bytes | Slice] = []
        for span in spans:
            head = (
                f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
                f"Content-Range: {content_range(span, reader.entry.size)}\r\n\r\n"
            )
            parts += [head.encode("ascii"), Slice(reader, span[0], span[1] - span[0] + 1)]
        parts.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
        length = sum(part.count if isinstance(part, Slice) else len(part) for part in parts)
        fields = (
            ("Content-Type", f"multipart/byteranges; boundary={boundary}"),
            ("Content-Length", str(length)),
        )
        return Response(206, (*self._dated(), *fields, *about), tuple(parts))

    def _folder(self, name: bytes) -> Response:
        try:
            listing = self._share.list(name)
        except Missing:
            return self._said(404)
        if not name.endswith(b"/"):
            return self._said(301, ("Location", _single_slash(wire.path_of(name)) + "/"))
        page = folder_page(name, listing, self._zh, self._en)
        fields = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page))))
        return Response(200, (*self._dated(), *fields, *_PAGE_GUARDED), (page,))

    def _said(self, status: int, *fields: tuple[str, str]) -> Response:
        """An answer without a file: a line in both languages."""
        key = str(status)
        line = "" if status == 301 else self._zh(key) + self._en(key)
        body = line.encode()
        about = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))))
        return Response(status, (*self._dated(), *about, *_GUARDED, *fields), (body,) if body else ())

    def _dated(self) -> Fields:
        return (("Date", conditions.http_date(self._now())),)

    def _type(self, reader: Reader) -> str:
        kind = wire.type_of(reader.entry.name)
        if kind != "text/plain":
            return kind
        return f"text/plain; charset={wire.charset_of(reader.pread(wire.SNIFFED, 0))}"

    def _disposed(self, reader: Reader) -> Fields:
        entry = reader.entry
        return (("Content-Disposition", wire.disposition(entry.octets, wire.type_of(entry.name))),)

    def _digest(self, asked: Asked, name: bytes, reader: Reader) -> Fields:
        """The file's SHA-256 if it is known; who wants it may ask again: RFC 9530."""
        if (digest := self._share.sha256(reader)) is not None:
            return (("Repr-Digest", f"sha-256=:{base64.b64encode(digest).decode()}:"),)
        if "sha-256" in (asked.header("want-repr-digest") or ""):
            self._share.want_sha256(reader, name)
        return ()


def _single_slash(path: str) -> str:
    """Two slashes at the beginning would name another host: RFC 3986 section 4.2."""
    return "/" + path.lstrip("/")
