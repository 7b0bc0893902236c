"""Answers as octets, by ldaptor's classes.

Source: RFC 4511 sections 4.1.9, 4.2.2, 4.4.1, 4.5.2, 4.12.
"""

from collections.abc import Iterable
from typing import Any, Final

from ldaptor.protocols import pureber, pureldap  # type: ignore[import-untyped]

from netapp.login.ldap import schema
from netapp.login.ldap.entries import Entry, Values
from netapp.login.ldap.wire import (
    NOTICE_OF_DISCONNECTION,
    Bind,
    Change,
    Code,
    Compare,
    Extended,
    Message,
    Search,
)

_TAGS: Final[dict[type[object], int]] = {
    Bind: pureldap.LDAPBindResponse.tag,
    Search: pureldap.LDAPSearchResultDone.tag,
    Compare: pureldap.LDAPCompareResponse.tag,
}


class _Ready:
    """Octets that stand where ldaptor wants one of its objects."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def toWire(self) -> bytes:
        return self._octets


def _message(number: int, op: Any, controls: Any = None) -> bytes:
    octets: bytes = pureldap.LDAPMessage(op, id=number, controls=controls).toWire()
    return octets


def bind_result(number: int, code: Code, message: str = "") -> bytes:
    return _message(number, pureldap.LDAPBindResponse(resultCode=code, errorMessage=message))


def search_done(number: int, code: Code, *, page: tuple[int, bytes] | None = None) -> bytes:
    """:param page: (how many there are in all, or 0; the cookie) of a search by pages."""
    op = pureldap.LDAPSearchResultDone(resultCode=code)
    if page is None:
        return _message(number, op)
    value = pureber.BERSequence([pureber.BERInteger(page[0]), pureber.BEROctetString(page[1])])
    return _message(number, op, [(schema.PAGED, None, value.toWire())])


def found(number: int, entry: Entry, chosen: Iterable[Values], types_only: bool) -> bytes:
    """One entry with the attributes that were chosen."""
    attributes = pureber.BERSequence([_Ready(_attribute(each, types_only)) for each in chosen])
    parts = [pureber.BEROctetString(str(entry.name)), attributes]
    return _message(number, pureber.BERSequence(parts, tag=pureldap.LDAPSearchResultEntry.tag))


def _attribute(values: Values, types_only: bool) -> bytes:
    if types_only:
        return _partial(values.attribute.name, ())
    if values.encoded is None:
        values.encoded = _partial(values.attribute.name, values.octets)
    return values.encoded


def _partial(name: str, written: Iterable[bytes]) -> bytes:
    inner = pureber.BERSet([pureber.BEROctetString(each) for each in written])
    octets: bytes = pureber.BERSequence([pureber.BEROctetString(name), inner]).toWire()
    return octets


def result(number: int, tag: int, code: Code, message: str = "", matched: str = "") -> bytes:
    """The answer to a request that has no more to it.  :param tag: which answer it is."""
    op = pureldap.LDAPResult(resultCode=code, errorMessage=message, matchedDN=matched, tag=tag)
    return _message(number, op)


def refusal(message: Message, code: Code, text: str = "", *, matched: str = "") -> bytes:
    """The answer of a request's own kind that says no more than a code."""
    request = message.request
    if isinstance(request, Extended):
        return extended_result(message.id, code, text)
    tag = request.answer if isinstance(request, Change) else _TAGS[type(request)]
    return result(message.id, tag, code, text, matched)


def extended_result(
    number: int, code: Code, message: str = "", *, name: str | None = None, value: str | None = None
) -> bytes:
    op = pureldap.LDAPExtendedResponse(
        resultCode=code, errorMessage=message, responseName=name, response=value
    )
    return _message(number, op)


def notice(code: Code, message: str) -> bytes:
    """The last that a client hears of us."""
    return extended_result(0, code, message, name=NOTICE_OF_DISCONNECTION)
