"""Passwords: which may be, and which octets of one are hashed.

A password is taken exactly, but that the same one is the same however it is typed: it is prepared
by PRECIS as OpaqueString (NFC, every kind of space is U+0020), after full-width and half-width
characters, which an input method makes without being seen, have become the ordinary ones.  (RFC 8265
leaves width alone; NIST SP 800-63B would have NFKC.)  Control characters, which the profile forbids,
are kept: they are what somebody typed.

A new one is judged by its length, and by whether it is what everybody guesses first; that it has
digits or capitals is asked of nobody, nor that it is changed.

Source: RFC 8265 section 4.2; NIST SP 800-63B-4 section 3.1.1; OWASP ASVS 5.0 section 6.2.
"""

from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from netapp.core import limits, text
from netapp.people import shipped
from netapp.people.model import Refused
from netapp.people.names import mapped_or_none

if TYPE_CHECKING:
    from precis_i18n.profile import Profile

#: How long a new password must be: as anywhere, or as NIST SP 800-63B-4 has it.
Policy = Literal["basic", "nist"]

#: Octets of a name and of a password as they come; what is longer is neither, in whatever encoding.
_NAME_OCTETS: Final = limits.NAME * 4 * 4
_PASSWORD_OCTETS: Final = limits.PASSWORD * 4
#: What stands for us is no better a password than the account's own name.
_OURS: Final = "netapp"


def prepared(password: str) -> bytes:
    """A password's octets: the same for every way to type it, and nothing taken away.

    :raises Refused: it is empty, too long, or no text.
    """
    return _octets(password, narrow=True)


def candidates(name: bytes, password: bytes) -> list[tuple[str | None, bytes]]:
    """What may be meant by a name and a password as they came, each with the octets to verify.

    The mapped name is None where what was typed can be no name.  Empty if it can be no password.
    A password with full-width characters comes a second time as it was hashed before they were mapped.
    """
    found: list[tuple[str | None, bytes]] = []
    for narrow in (True, False):
        for shown, secret in readings(name, password):
            try:
                candidate = (mapped_or_none(shown), _octets(secret, narrow=narrow))
            except Refused:
                continue
            if candidate not in found:
                found.append(candidate)
    return found


def new_password(
    password: str,
    *,
    policy: Policy = "basic",
    second_factor: bool = False,
    name: str = "",
    allow_weak: bool = False,
) -> bytes:
    """As :func:`prepared`, for a password that is chosen.

    :param second_factor: the account has one beside it.
    :param name: the account's.
    :param allow_weak: take one that is short, common or the account's name.
    :raises Refused: as there, and for a weak one.
    """
    octets = prepared(password)
    if not allow_weak:
        _judge(octets.decode(), least(policy, second_factor=second_factor), name)
    return octets


def least(policy: Policy, *, second_factor: bool = False) -> int:
    """Characters that a new password must have."""
    return limits.PASSWORD_ALONE if policy == "nist" and not second_factor else limits.PASSWORD_LEAST


def stands_alone(octets: bytes) -> bool:
    """Whether a prepared password is long enough without a second factor, whatever the policy."""
    return len(octets.decode("utf-8", "replace")) >= limits.PASSWORD_ALONE


def readings(name: bytes, password: bytes) -> list[tuple[str, str]]:
    """What somebody may have typed: both words in UTF-8, and both in GB18030, where they can be.

    One terminal writes one encoding, so the two are never mixed; of one to two readings.  An overlong
    name is read as none, an overlong password not at all.
    """
    if len(password) > _PASSWORD_OCTETS:  # before any work
        return []
    if len(name) > _NAME_OCTETS:
        name = b""
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


def _octets(password: str, *, narrow: bool) -> bytes:
    if len(password) > limits.PASSWORD:  # before any work
        raise Refused("password long", most=limits.PASSWORD)
    if not password:
        raise Refused("password empty")
    if narrow:
        password = _profile("UsernameCasePreserved").width_mapping_rule(password)
    try:
        octets = _profile("OpaqueString").apply_five_rules(password).encode()
    except UnicodeEncodeError:
        raise Refused("password text") from None
    if len(octets) > limits.PASSWORD:
        raise Refused("password long", most=limits.PASSWORD)
    return octets


def _judge(password: str, least: int, name: str) -> None:
    if len(password) < least:
        key = "password alone" if least == limits.PASSWORD_ALONE else "password short"
        raise Refused(key, least=least, beside=limits.PASSWORD_LEAST)
    folded = password.casefold().strip()
    if folded in _common():
        raise Refused("password common")
    if _is_named_after(folded, {_OURS, mapped_or_none(name) or _OURS}):
        raise Refused("password name")


def _is_named_after(folded: str, words: set[str]) -> bool:
    """Whether nothing is left without these words but digits and signs that are no password."""
    rest = folded
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(rest) < limits.PASSWORD_LEAST and not any(map(str.isalpha, rest))


@cache
def _common() -> frozenset[str]:
    """Read when the first password is chosen."""
    return frozenset(shipped.lines("common_passwords.txt"))


@cache
def _profile(name: str) -> "Profile":
    from precis_i18n import get_profile  # some ms: not for --help

    return get_profile(name)
