"""Distinguished names: text to parts and back, and the form in which two are compared.

Source: RFC 4514 sections 2 and 3.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from netapp.core import limits
from netapp.errors import WireError
from netapp.login.ldap import schema

_TYPE: Final = re.compile(r" *([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*) *=", re.ASCII)
_SPECIAL: Final = frozenset(' "#+,;<=>\\')
_HEX: Final = re.compile("[0-9A-Fa-f]{2}")
_ENDS: Final = frozenset(",+")

#: Type and value of one part of a relative name.
Part = tuple[str, str]
#: A name as it is compared.
Key = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True)
class Name:
    """A distinguished name, the nearest relative name first."""

    rdns: tuple[tuple[Part, ...], ...]

    @cached_property
    def key(self) -> Key:
        """Equal for names that differ only in case, spaces, or a type's way to be written."""
        return tuple(
            tuple(sorted((schema.canonical(type_), schema.folded(value)) for type_, value in rdn))
            for rdn in self.rdns
        )

    @property
    def parent(self) -> "Name":
        return Name(self.rdns[1:])

    def child(self, type_: str, value: str) -> "Name":
        return Name((((type_, value),), *self.rdns))

    def __str__(self) -> str:
        return ",".join("+".join(f"{type_}={escaped(value)}" for type_, value in rdn) for rdn in self.rdns)


def parse_name(octets: bytes) -> Name:
    """Read a distinguished name; spaces beside its commas and signs are passed over.

    :raises WireError: it is none.

    Source: RFC 4514 section 3.
    """
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise _broken("no UTF-8") from None
    if len(text) > limits.LDAP_NAME:
        raise _broken("it is too long")
    rdns: list[tuple[Part, ...]] = []
    at, parts = 0, []
    while text.strip(" "):
        found = _TYPE.match(text, at)
        if found is None:
            raise _broken("a type is missing")
        value, at = _value(text, found.end())
        parts.append((found[1], value))
        end = text[at : at + 1]
        at += 1
        if end != "+":
            rdns.append(tuple(parts))
            parts = []
        if not end:
            break
    return Name(tuple(rdns))


def _value(text: str, at: int) -> tuple[str, int]:
    """A value with its escapes undone, and where it ends."""
    octets, kept = bytearray(), 0  # kept: how much of it no trailing space may be taken from
    while text[at : at + 1] == " ":
        at += 1
    if text[at : at + 1] == "#":
        raise _broken("a value in BER")
    while at < len(text) and text[at] not in _ENDS:
        char = text[at]
        at += 1
        if char == "\\":
            if found := _HEX.match(text, at):
                octets.append(int(found[0], 16))
                at += 2
            elif text[at : at + 1] in _SPECIAL and at < len(text):
                octets += text[at].encode()
                at += 1
            else:
                raise _broken("an escape that is none")
            kept = len(octets)
        elif char in '";<>\0':
            raise _broken("a character that must be escaped")
        else:
            octets += char.encode("utf-8", "surrogatepass")
            kept = kept if char == " " else len(octets)
    try:
        return bytes(octets[:kept]).decode(), at
    except UnicodeDecodeError:
        raise _broken("no UTF-8") from None


def escaped(value: str) -> str:
    """A value as it stands in a name.  Source: RFC 4514 section 2.4."""
    shown = re.sub(r'[",+;<>\\]', r"\\\g<0>", value).replace("\0", "\\00")
    if shown.startswith((" ", "#")):
        shown = "\\" + shown
    if shown.endswith(" ") and shown != "\\ ":
        shown = shown[:-1] + "\\ "
    return shown


def _broken(reason: str) -> WireError:
    return WireError(f"no distinguished name: {reason}", source="RFC 4514 section 3")
