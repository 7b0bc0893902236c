"""What is given out instead of a password: tokens, application passwords, recovery codes, invitations.

All are random or signed, and are kept as a SHA-256 alone: with 80 bits of chance in each there is
nothing that a slow hash would save.  Their alphabet is Crockford's base 32, which has no I, L, O and U;
whoever types one may write o for 0 and i or l for 1, in any case and width, with or without hyphens.

Source: Douglas Crockford, "Base 32"; RFC 2104 (HMAC) section 5 for the shortened signature.
"""

import hashlib
import hmac
import os
import secrets
import stat
import unicodedata
from pathlib import Path
from typing import Final

from netapp.core import text
from netapp.core.files import write_new
from netapp.core.platform import O_CLOEXEC, O_NONBLOCK
from netapp.errors import ConfigError

#: What a token begins with: people, and programs that look for lost secrets, know it by that.
TOKEN_PREFIX: Final = "netapp_"  # noqa: S105
_TOKEN: Final = 32  # octets
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TOKEN_ALPHABET: Final = frozenset(_ALPHABET.lower())
_TOKEN_CHARACTERS: Final = -(-_TOKEN * 8 // 5)
#: As people write and read: o is 0, i and l are 1; hyphens and spaces are nothing.
_READ: Final = str.maketrans("OIL", "011", "- \t\u2010\u2011\u2013\u2014\u2212")
_GROUP: Final = 5
#: Characters of each kind; they differ in length, so that none can be taken for another.
_RECOVERY: Final = 16  # 80 bits
_APPLICATION: Final = 20  # 85 random bits, 15 that check them
_CHECK: Final = 3
_INVITATION: Final = 26  # 128 bits: an id and its signature
_ID: Final = 8  # octets, as many as the signature has
_KEY: Final = 32  # octets
#: More than anybody types for any of them; what is longer is not looked at.
_LONGEST: Final = 256


# Tokens ------------------------------------------------------------------------------------------


def new_token() -> str:
    """256 random bits behind the prefix; to be copied, not typed."""
    return TOKEN_PREFIX + _encoded(secrets.randbits(8 * _TOKEN), _TOKEN_CHARACTERS).lower()


def looks_like_token(word: str | bytes) -> bool:
    """Whether a word in place of a password has exactly a token's shape.  It costs nothing to ask."""
    if len(word) != len(TOKEN_PREFIX) + _TOKEN_CHARACTERS:
        return False
    shown = word.decode("latin-1") if isinstance(word, bytes) else word
    return shown.startswith(TOKEN_PREFIX) and _TOKEN_ALPHABET.issuperset(shown[len(TOKEN_PREFIX) :])


def token_digest(word: str | bytes) -> str | None:
    """What is kept of a token and looked for, in hexadecimal; None for what is no token."""
    if not looks_like_token(word):
        return None
    return _digest("token", word if isinstance(word, str) else word.decode("ascii"))


# Passwords to type -------------------------------------------------------------------------------


def new_application_password() -> str:
    """85 random bits and a check, in groups of five."""
    word = _random(_APPLICATION - _CHECK)
    return _grouped(word + _checked(word)).lower()


def application_digest(word: str | bytes) -> str | None:
    """What is kept of an application password; None for what has not its shape and check.

    A password that somebody has thought of passes the check once in 32,768 times, and only when it
    has the twenty characters.
    """
    read = _read(word, _APPLICATION)
    if read is None or _checked(read[:-_CHECK]) != read[-_CHECK:]:
        return None
    return _digest("application", read)


def new_recovery_codes(count: int) -> list[str]:
    """So many codes, of 80 random bits each, in groups of four; each is to be used once."""
    return [_grouped(_random(_RECOVERY), 4) for _ in range(count)]


def recovery_digest(word: str | bytes) -> str | None:
    """What is kept of a recovery code; None for what has not its shape."""
    read = _read(word, _RECOVERY)
    return None if read is None else _digest("recovery", read)


# Invitations -------------------------------------------------------------------------------------


def new_invitation_id() -> str:
    """16 hexadecimal digits: the name of the row that makes the code good once."""
    return secrets.token_hex(_ID)


def invitation(invitation_id: str, key: bytes) -> str:
    """The code for an id, to be printed: the id and its signature, in groups of five.

    :param key: the state directory's, see :func:`key_file`.
    """
    signed = bytes.fromhex(invitation_id)
    number = int.from_bytes(signed + _signature(signed, key))
    return _grouped(_encoded(number, _INVITATION))


def read(code: str | bytes, key: bytes) -> str | None:
    """The id in a code as typed; None for what is no code, or was not signed with this key.

    How long it takes tells nothing of the signature.
    """
    word = _read(code, _INVITATION)
    number = 0 if word is None else _decoded(word)
    octets = (number % 2 ** (16 * _ID)).to_bytes(2 * _ID)  # the two bits above must be 0
    signed = hmac.compare_digest(octets[_ID:], _signature(octets[:_ID], key))
    return octets[:_ID].hex() if signed and number >> (16 * _ID) == 0 and word is not None else None


def looks_like_invitation(word: str | bytes) -> bool:
    """Whether it has a code's shape: a door may ask for it in place of a name."""
    return _read(word, _INVITATION) is not None


def _signature(octets: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"netapp invitation\x01" + octets, hashlib.sha256)[:_ID]


# Crockford's base 32 -----------------------------------------------------------------------------


def _encoded(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _decoded(word: str) -> int:
    number = 0
    for char in word:
        number = number << 5 | _ALPHABET.index(char)
    return number


def _random(length: int) -> str:
    return _encoded(secrets.randbits(5 * length), length)


def _checked(word: str) -> str:
    """Three characters that a mistyped one changes."""
    return _encoded(int.from_bytes(hashlib.sha256(b"netapp check " + word.encode()).digest()[:4]), _CHECK)


def _grouped(word: str, size: int = _GROUP) -> str:
    """With hyphens; a lone last character joins the group before it."""
    cuts = range(0, len(word) - 1, size)
    return "-".join(word[cut : cut + size if cut + size < len(word) - 1 else None] for cut in cuts)


def _read(word: str | bytes, length: int) -> str | None:
    """The characters of the alphabet that were typed, None if they are not so many or not all of it."""
    if len(word) > _LONGEST:
        return None
    typed = text.decode(word)[0] if isinstance(word, bytes) else word
    plain = unicodedata.normalize("NFKC", typed).upper().translate(_READ)
    return plain if len(plain) == length and set(plain) <= set(_ALPHABET) else None


def _digest(use: str, word: str) -> str:
    return hashlib.sha256(f"netapp {use} {word}".encode()).hexdigest()


# The state directory's key ------------------------------------------------------------------------


def key_file(path: Path, *, make: bool = True) -> bytes:
    """The 32 octets of a key file; made, of mode 0600 and on the disk, where there is none.

    Two processes that begin at once get the same key: the file appears whole, and once.

    :param make: False where a new key would be of no use, since something was made with the old one.
    :raises ConfigError: it cannot be read or made, others can read it, or it is no key; with the cure.
    """
    try:
        return _read_key(path)
    except FileNotFoundError:
        if not make:
            raise ConfigError(f"the key file {path} is gone: put its copy back") from None
    except OSError as error:
        raise ConfigError(
            f"the key file {path} cannot be read ({error.strerror}): make it readable to this user, "
            "or choose another --state"
        ) from None
    try:
        write_new(path, secrets.token_bytes(_KEY))
        return _read_key(path)
    except OSError as error:
        raise ConfigError(
            f"the key file {path} cannot be made ({error.strerror}): choose another place with --state"
        ) from None


def derived(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose: RFC 5869 section 2.3, one block of output.

    :param secret: what :func:`key_file` gives.
    """
    return hmac.digest(secret, b"netapp " + purpose.encode(), hashlib.sha256)


def _read_key(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | O_CLOEXEC | O_NONBLOCK)  # a FIFO must not hold us up
    try:
        mode = os.fstat(handle).st_mode
        key = os.read(handle, _KEY + 1) if stat.S_ISREG(mode) else b""
    finally:
        os.close(handle)
    if len(key) != _KEY:
        raise ConfigError(
            f"the key file {path} is no key of {_KEY} octets: put its copy back, or remove it, which ends "
            "the invitations and second factors that were made with it"
        )
    if mode & 0o077:
        raise ConfigError(
            f"the key file {path} is open to others (mode {stat.S_IMODE(mode):04o}): chmod 600 {path}"
        )
    return key
