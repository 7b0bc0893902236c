"""Whether a request is to be answered at all, by what its client knows: RFC 9110 section 13."""

import re
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from typing import Final

from netapp.core.exchange import Asked
from netapp.share.model import Entry

_TAGS: Final = re.compile(r'[ \t,]*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")')


def precondition(asked: Asked, entry: Entry) -> int | None:
    """412 or 304, or None to go on; in the order of RFC 9110 section 13.2.2."""
    if (field := asked.header("if-match")) is not None:
        if not _matches(field, entry.etag, weakly=False):
            return 412
    elif (since := _seconds(asked.header("if-unmodified-since"))) is not None and entry.mtime > since:
        return 412
    if (field := asked.header("if-none-match")) is not None:
        return 304 if _matches(field, entry.etag, weakly=True) else None
    since = _seconds(asked.header("if-modified-since"))
    return 304 if since is not None and entry.mtime <= since else None


def range_holds(asked: Asked, entry: Entry) -> bool:
    """Whether If-Range, if there, lets a Range be obeyed: RFC 9110 section 13.1.5.

    A date is never strong enough for us: a file may change twice within its second.
    """
    field = asked.header("if-range")
    return field is None or field.strip() == f'"{entry.etag}"'


def http_date(seconds: float) -> str:
    """``Sat, 21 Nov 2026 10:00:00 GMT``: RFC 9110 section 5.6.7."""
    return formatdate(max(0, int(seconds)), usegmt=True)


def _matches(field: str, etag: str, *, weakly: bool) -> bool:
    """Whether one of a field's tags is the file's, or it is ``*``: RFC 9110 section 8.8.3.2."""
    if field.strip() == "*":
        return True
    ours = f'"{etag}"'
    return any(tag == ours or (weakly and tag == f"W/{ours}") for tag in _TAGS.findall(field))


def _seconds(field: str | None) -> float | None:
    """An HTTP date in seconds since 1970; None if there is none, or it is not valid."""
    if field is None:
        return None
    try:
        parsed = parsedate_to_datetime(field)
        return parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
