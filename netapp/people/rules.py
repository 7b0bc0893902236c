"""Passwords: which may be, and which octets of one are hashed.

Source: RFC 8265 section 4.2.
"""

import unicodedata

from netapp.core import limits, text
from netapp.people.model import Refused
from netapp.people.names import mapped_or_none


def prepared(password: str) -> bytes:
    """A password's octets: the same for every way to type it, and nothing taken away.

    :raises Refused: it is empty, too long, or no text.
    """
    if len(password) > limits.PASSWORD:  # before any work
        raise Refused("password long", most=limits.PASSWORD)
    if not password:
        raise Refused("password empty")
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password)
    try:
        octets = unicodedata.normalize("NFC", spaced).encode()
    except UnicodeEncodeError:
        raise Refused("password text") from None
    if len(octets) > limits.PASSWORD:
        raise Refused("password long", most=limits.PASSWORD)
    return octets


def new_password(password: str, *, allow_weak: bool = False) -> bytes:
    """As :func:`prepared`, for a password that is chosen.

    :param allow_weak: take one that is shorter than the minimum.
    :raises Refused: as there, and for a short one.
    """
    octets = prepared(password)
    if not allow_weak and len(octets.decode()) < limits.PASSWORD_LEAST:
        raise Refused("password short", least=limits.PASSWORD_LEAST)
    return octets


def readings(name: bytes, password: bytes) -> list[tuple[str, str]]:
    """What somebody may have typed: both words in UTF-8, and both in GB18030, where they can be.

    One terminal writes one encoding, so the two are never mixed; of one to two readings.
    """
    found: list[tuple[str, str]] = []
    for codec in ("utf-8", "gb18030"):
        try:
            reading = (name.decode(codec), password.decode(codec))
        except UnicodeDecodeError:
            continue
        if reading not in found:
            found.append(reading)
    return found or [(text.decode(name)[0], text.decode(password)[0])]


def tried_names(name: bytes) -> frozenset[str]:
    """The mapped names that somebody may have typed; "" for what can be no name."""
    return frozenset(mapped_or_none(reading) or "" for reading, _ in readings(name, b""))
