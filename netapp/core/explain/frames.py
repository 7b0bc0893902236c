"""What shows that a program has made a frame's length wrongly: 4 octets, then so many (tutorial row T12)."""

from collections.abc import Iterator
from typing import Final

from netapp.core.explain import octets as rules

LENGTH: Final = 4  # octets


def findings(octets: bytes) -> Iterator[rules.Found]:
    """What is wrong with a frame that is a connection's first read; nothing if it is no frame of text."""
    payload = octets[LENGTH:]
    little, big = (int.from_bytes(octets[:LENGTH], order) for order in ("little", "big"))
    if payload[:LENGTH] == bytes(LENGTH) and little == len(payload) - LENGTH:
        yield "frame long", {}
    elif rules.is_text(payload) and big == len(payload) != little:
        wrong = int.from_bytes(octets[:LENGTH], "little", signed=True)
        yield "frame order", {"length": big, "wrong": wrong}
    elif rules.is_text(payload) and counts_characters(little, payload):
        yield "frame characters", {"length": little, "octets": len(payload)}


def counts_characters(length: int, octets: bytes) -> bool:
    """Whether a length is that of the text in these octets, as its program has it: not encoded."""
    if octets.isascii():
        return False
    try:
        return len(octets.decode("utf-8")) == length
    except UnicodeDecodeError:
        pass
    try:
        return len(octets.decode("gb18030")) == length
    except UnicodeDecodeError:
        return False
