"""Fields and targets to values, and names to fields.

Source: RFC 7617 section 2 (Basic), RFC 6750 section 2.1 (Bearer), RFC 7239 (Forwarded).
"""

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote

from netapp.core import limits
from netapp.core.access import Network, unmapped
from netapp.errors import WireError

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_B64TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
#: ``192.0.2.1:47011``, ``[2001:db8::1]`` or ``[2001:db8::1]:47011``: an address with a port is one too.
_NODE: Final = re.compile(r"\[([^\]]+)\](?::\w+)?|([0-9.]+):\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Basic:
    """A name and a password, octets as sent: UTF-8 as we ask for, or GBK."""

    name: bytes = field(repr=False)  # people type passwords here too
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token, which says by itself whose it is."""

    token: bytes = field(repr=False)


Credentials = Basic | Bearer


def digest(key: bytes, source: str, credentials: Credentials) -> bytes:
    """What stands for credentials from one source in a table: nobody can read them from it.

    :param key: 16 to 64 random octets.
    """
    if isinstance(credentials, Basic):
        words = (b"basic", credentials.name, credentials.password)
    else:
        words = (b"bearer", credentials.token, b"")
    told = b"\0".join((source.encode(), *(b"%d:%s" % (len(word), word) for word in words)))
    return hashlib.blake2b(told, key=key, digest_size=32).digest()


def credentials_of(values: Sequence[str]) -> Credentials:
    """What the Authorization fields say; values in Latin-1.

    :raises WireError: not exactly one, of another scheme, or against its rules.
    """
    if len(values) != 1:
        raise WireError("not one Authorization field", source="RFC 9110 section 5.3")
    scheme, _, rest = values[0].strip(" \t").partition(" ")
    rest = rest.strip(" ")
    if scheme.lower() == "basic":
        return _basic(rest)
    if scheme.lower() == "bearer":
        if len(rest) > limits.HTTP_BEARER or not _B64TOKEN.fullmatch(rest):
            raise WireError("no token", source="RFC 6750 section 2.1")
        return Bearer(rest.encode("ascii"))
    raise WireError("a scheme that we do not know", source="RFC 9110 section 11.1")


def _basic(encoded: str) -> Basic:
    try:
        octets = base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise WireError("no base64", source="RFC 7617 section 2") from None
    name, colon, password = octets.partition(b":")
    if not colon or _CONTROL.search(octets):
        raise WireError("no colon, or a control character", source="RFC 7617 section 2")
    return Basic(name, password)


# Who asks ----------------------------------------------------------------------------------------


def client_of(
    peer: str, x_forwarded_for: Sequence[str], forwarded: Sequence[str], proxies: Iterable[Network]
) -> str:
    """The address that asks, as those whom we trust tell it.

    Each proxy adds, at the right, whom it was asked by.  So we go from the right to the left as long
    as we trust who has written; what stands further left anybody may have written.

    :param peer: the address at the other end of the connection; "" for a UNIX socket's.
    :param x_forwarded_for, forwarded: the values of these fields.  The second counts only where the
        first is missing: a proxy that writes the one hands on what its client wrote in the other.
    """
    networks = tuple(proxies)
    if x_forwarded_for:
        told = [each.strip() for each in ",".join(x_forwarded_for).split(",")]
    else:
        told = [_for_of(each) for each in ",".join(forwarded).split(",")]
    source = peer
    while told and _trusted(source, networks):
        address = _address(told.pop())
        if address is None:
            break  # "unknown", or a name that hides: the one who has written it answers for it
        source = address
    return source


def _for_of(element: str) -> str:
    """The ``for`` of one element: RFC 7239 section 4.

    Elements are cut at every comma: who has begun a quotation cannot draw what the next one says into it.
    """
    for pair in element.split(";"):
        key, _, value = pair.partition("=")
        if key.strip().lower() == "for":
            return value.strip().strip('"')
    return ""


def _trusted(host: str, networks: tuple[Network, ...]) -> bool:
    if not host:
        return True  # a UNIX socket's folder says who may come
    address = ipaddress.ip_address(host)
    return any(address in network for network in networks)


def _address(node: str) -> str | None:
    """An address, without a port, and without a link of the proxy's; None for what is none."""
    if found := _NODE.fullmatch(node):
        node = found[1] or found[2]
    try:
        address = ipaddress.ip_address(node.partition("%")[0])
    except ValueError:
        return None
    return str(unmapped(address))


# What is asked -----------------------------------------------------------------------------------


def target_of(target: bytes) -> tuple[str, list[tuple[str, str]]]:
    """A request-target as (path, query's pairs), percent-encoding taken off the latter.

    :raises WireError: no path, or a query that cannot be read.
    """
    path, _, query = target.partition(b"?")
    if (absolute := re.match(rb"https?://[^/]*", path, re.IGNORECASE)) is not None:
        path = path[absolute.end() :] or b"/"  # absolute-form: RFC 9112 section 3.2.2
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=limits.HTTP_REQUIREMENTS,
        )
    except ValueError:
        raise WireError("a query that cannot be read", source="RFC 3986 section 3.4") from None
    return path.decode("latin-1"), pairs


def field_text(text: str) -> str:
    """A text as a field's value: percent-encoded UTF-8, since fields are ASCII (RFC 9110 section 5.5).

    Letters, digits and ``-._~`` stand for themselves, so an ASCII name is what it is.
    """
    return quote(text, safe="", errors="replace")
