"""Values as they are compared: two that match are equal.

Source: RFC 4517 section 4.2, RFC 4518.
"""

import re
from typing import Final

from netapp.core import limits
from netapp.errors import WireError
from netapp.login.ldap import schema
from netapp.login.ldap.names import parse_name
from netapp.login.ldap.schema import Kind

_INTEGER: Final = re.compile("-?[0-9]{1,18}", re.ASCII)
_TIME: Final = re.compile("[0-9]{14}Z", re.ASCII)
#: Kinds whose values have an order, and those that can be looked for by their pieces.
ORDERED: Final[tuple[Kind, ...]] = ("integer", "time")
PIECEWISE: Final[tuple[Kind, ...]] = ("fold", "exact")


def normal(kind: Kind, octets: bytes) -> object | None:
    """A value as it is compared; None for what can be no value of the kind.

    What is longer than any value here may be is not looked at: nothing matches it.
    """
    text = _text(octets)
    if text is None:
        return None
    if kind == "fold":
        return schema.folded(text)
    if kind == "integer":
        return int(text) if _INTEGER.fullmatch(text) else None
    if kind == "name":
        return _name(octets)
    if kind == "time":
        return text if _TIME.fullmatch(text) else None
    if kind == "identifier":
        return schema.class_name(text)
    return text.lower() if kind == "uuid" else text


def piece(kind: Kind, octets: bytes) -> str | None:
    """A part of a value, for a comparison by parts; its outer spaces count."""
    text = _text(octets)
    if text is None or kind == "exact":
        return text
    begin = " " if text[:1].isspace() else ""
    end = " " if text[-1:].isspace() else ""
    inner = schema.folded(text)
    return f"{begin}{inner}{end}" if inner else begin


def _text(octets: bytes) -> str | None:
    if len(octets) > limits.LDAP_NAME:
        return None
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None


def _name(octets: bytes) -> object | None:
    try:
        return parse_name(octets).key
    except WireError:
        return None
