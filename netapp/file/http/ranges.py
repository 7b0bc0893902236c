"""Which part of a file a request wants: RFC 9110 section 14."""

import re
from typing import Final

from netapp.core import limits

#: First and last octet, both included.
Span = tuple[int, int]

_UNIT: Final = re.compile(r"bytes=(.*)", re.IGNORECASE | re.DOTALL)
_SPEC: Final = re.compile(r"([0-9]{1,19})-([0-9]{1,19})?|-([0-9]{1,19})", re.ASCII)


def parse_ranges(field: str, size: int) -> tuple[Span, ...] | None:
    """What a Range field asks of ``size`` octets.

    :returns: spans that there are, ascending, none touching another; empty when none of those
        asked for is there (416); None when the whole is to be sent, since the field is invalid, of
        another unit, of too many ranges, or asks for more than the whole.

    Source: RFC 9110 sections 14.1.2, 14.2 and 15.3.7.
    """
    unit = _UNIT.fullmatch(field.strip(" \t"))
    if unit is None:
        return None
    specs = [spec for each in unit[1].split(",") if (spec := each.strip(" \t"))]
    if not specs or len(specs) > limits.RANGES:
        return None
    spans: list[Span] = []
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None or (match[2] and int(match[2]) < int(match[1])):
            return None
        if (span := _span(match, size)) is not None:
            spans.append(span)
    if sum(last - first + 1 for first, last in spans) > size:
        return None
    if not size and any(spec.startswith("-") and int(spec[1:]) for spec in specs):
        return None  # the last octets of nothing are nothing, and there is no Content-Range for it
    return _coalesced(spans)


def content_range(span: Span | None, size: int) -> str:
    """A Content-Range field's value; without a span that of a 416: RFC 9110 section 14.4."""
    return f"bytes */{size}" if span is None else f"bytes {span[0]}-{span[1]}/{size}"


def _span(match: "re.Match[str]", size: int) -> Span | None:
    if match[3] is not None:
        count = min(int(match[3]), size)
        return (size - count, size - 1) if count else None
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    return (first, last) if first < size else None


def _coalesced(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return tuple(joined)
