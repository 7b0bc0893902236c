"""One-time codes by the clock, and their secrets as they are kept.

Source: RFC 6238 (SHA-1, six digits, steps of 30 s), RFC 4226 section 5.3; the ``otpauth:`` form is that
of Google Authenticator's "Key Uri Format", which every authenticator reads.

Importing pyotp and cryptography takes its time and is put off until the first code.
"""

import base64
import hashlib
import hmac
import os
import secrets
from typing import Final

from netapp.core import text
from netapp.errors import ConfigError

STEP: Final = 30  # seconds: RFC 6238 section 5.2
DIGITS: Final = 6
#: Steps before and after the present one that are taken: RFC 6238 section 5.2 recommends one.
_SKEW: Final = (-1, 0, 1)
_SECRET: Final = 20  # octets: RFC 4226 section 4, requirement 6
_NONCE: Final = 12  # octets: NIST SP 800-38D section 8.2.2
#: More than anybody types for six digits; what is longer is not looked at.
_LONGEST: Final = 64
#: What an authenticator shows between the digits, and what an input method for Chinese makes of digits.
_PLAIN: Final = str.maketrans(
    "".join(map(chr, range(0xFF10, 0xFF1A))), "0123456789", " \t\u00a0\u2009\u202f\u3000"
)


def new_secret() -> str:
    """160 random bits as 32 characters of base 32, the form that people type into an authenticator."""
    return base64.b32encode(secrets.token_bytes(_SECRET)).decode("ascii")


def uri(secret: str, name: str, issuer: str = "netapp") -> str:
    """What an authenticator reads, usually as a QR.

    :param issuer: shown above the name, so that two places can have one name.
    """
    from pyotp import TOTP

    return TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def accepted_step(secret: str, code: str | bytes, now: float, last_step: int) -> int | None:
    """The time step that a code is of, when it can be taken; the caller stores it as the new last one.

    Where two steps show the same code the later one is used up.  All are compared, whichever is right.

    :param code: as typed: spaces and full-width digits are as good.
    :param now: seconds since 1970.
    :param last_step: the last one that was taken; no code of it or of an earlier one is good again.
    :returns: None for whatever is no code, and for codes of other times.
    """
    from pyotp import TOTP

    typed, present, totp = _digits(code), int(now // STEP), TOTP(secret)
    accepted = None
    for step in (present + skew for skew in _SKEW):
        if step > last_step and step >= 0:
            same = hmac.compare_digest(totp.generate_otp(step).encode(), typed)
            accepted = step if same else accepted
    return accepted


def _digits(code: str | bytes) -> bytes:
    """The six digits in ASCII; nothing for what is no code."""
    if len(code) > _LONGEST:
        return b""
    shown = (text.decode(code)[0] if isinstance(code, bytes) else code).translate(_PLAIN)
    return shown.encode() if len(shown) == DIGITS and shown.isascii() and shown.isdigit() else b""


# Kept secrets ------------------------------------------------------------------------------------


def seal(secret: str, key: bytes, owner: str) -> str:
    """A secret as it is stored: AES-256-GCM (NIST SP 800-38D), in base64.

    :param key: the state directory's, see :func:`netapp.people.codes.key_file`.
    :param owner: the account's id; the sealed secret is good for no other.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    sealed = AESGCM(_sealing(key)).encrypt(nonce, secret.encode(), owner.encode())
    return base64.b64encode(nonce + sealed).decode("ascii")


def unseal(sealed: str, key: bytes, owner: str) -> str:
    """:raises ConfigError: it was sealed with another key, for another account, or is damaged."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        octets = base64.b64decode(sealed, validate=True)
        opened = AESGCM(_sealing(key)).decrypt(octets[:_NONCE], octets[_NONCE:], owner.encode())
    except (InvalidTag, ValueError):
        raise ConfigError(
            "the secret of a second factor cannot be read with this state directory's key: put the key "
            "file back that it was made with, or let its owner begin anew (netapp user totp-reset NAME)"
        ) from None
    return opened.decode()


def _sealing(key: bytes) -> bytes:
    """A key for this use alone: RFC 5869 section 2.3, one block of output."""
    return hmac.digest(key, b"netapp totp secret\x01", hashlib.sha256)
