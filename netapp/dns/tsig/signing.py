"""Transaction signatures, on octets: verified and made; :mod:`netapp.dns.tsig.record` has the record.

A request's is read there, then :func:`verified` against the keys.  What comes back is signed
by a :class:`Signer`, which carries the MAC from one message to the next; a client's side of that
is :class:`Verifier`.  The time is handed in, seconds since 1970.

Source: RFC 8945.
"""

import hmac
from typing import Final

from netapp.core import limits
from netapp.dns.message import FIXED, FORMERR, HEADER
from netapp.dns.tsig.keys import ALGORITHMS, Key, Keyring
from netapp.dns.tsig.record import (
    ENDING,
    TIMES,
    Signature,
    appended,
    read_signed,
    sized,
    timers,
    variables,
)
from netapp.errors import NetappError
from netapp.names.naming import shown, wire_name

BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22  # RFC 8945 section 3
ERRORS: Final = {BADSIG: "BADSIG", BADKEY: "BADKEY", BADTIME: "BADTIME", BADTRUNC: "BADTRUNC"}

_WIRE_NAMES: Final = {algorithm: wire_name(algorithm) for algorithm in ALGORITHMS}


class Refused(NetappError):
    """A signature that does not hold.

    :param error: the TSIG error, one of :data:`ERRORS`; FORMERR for a MAC of no size there may be.
    :param signer: signs the answer that says so; None where it goes unsigned.
    :param why: for the log, where the error alone does not say it.
    """

    def __init__(
        self, error: int, signature: Signature, signer: "Signer | None" = None, why: str = ""
    ) -> None:
        super().__init__(f"{ERRORS.get(error, 'FORMERR')} for the key {shown(signature.name)}")
        self.error, self.signature, self.signer, self.why = error, signature, signer, why


def verified(octets: bytes, signature: Signature, keyring: Keyring, now: float) -> "Signer":
    """Check a request's signature: the key, the MAC, the time, and then whether the MAC was cut.

    :param octets: the message without its signature.
    :returns: what signs the answer; its ``key`` is the request's.
    :raises Refused: it does not hold.

    Source: RFC 8945 section 5.2; the policy of section 5.2.4 is that no MAC may be cut.
    """
    key = keyring.get(signature.name)
    if key is None or _WIRE_NAMES[key.algorithm] != signature.algorithm:
        raise Refused(BADKEY, signature)
    size, whole = len(signature.mac), ALGORITHMS[key.algorithm]
    if not max(10, whole // 2) <= size <= whole:
        raise Refused(FORMERR, signature)  # section 5.2.2.1
    mac = hmac.digest(key.secret, octets + variables(signature), key.digest)
    if not hmac.compare_digest(mac[:size], signature.mac):
        raise Refused(BADSIG, signature)
    signer = Signer(key, signature.mac)
    if abs(int(now) - signature.time) > signature.fudge:
        raise Refused(BADTIME, signature, signer)
    if size < whole:
        raise Refused(BADTRUNC, signature, signer)
    return signer


class Signer:
    """Signs a request, or the messages of an answer one after another.

    :param request_mac: the MAC of the request that is answered; empty to sign a request.
    """

    def __init__(self, key: Key, request_mac: bytes = b"") -> None:
        self.key = key
        self.mac = request_mac  # of the last message
        self._begun = False

    @property
    def room(self) -> int:
        """Octets that the signature adds to a message, an error's six of time apart."""
        return room(self.key)

    def sign(self, message: bytes, now: float) -> bytes:
        """The message with its signature; every message of an answer is signed."""
        name, algorithm = self.key.name, _WIRE_NAMES[self.key.algorithm]
        return self._signed(
            message, Signature(name, algorithm, int(now), limits.TSIG_FUDGE, b"", message[:2], 0, b"")
        )

    def refuse(self, message: bytes, refused: Refused, now: float) -> bytes:
        """An answer with a TSIG error, signed: BADTIME tells our time.  Source: section 5.2.3."""
        asked, error = refused.signature, refused.error
        when, other = int(now), b""
        if error == BADTIME:
            when, other = asked.time, when.to_bytes(6, "big")
        return self._signed(
            message,
            Signature(asked.name, asked.algorithm, when, asked.fudge, b"", message[:2], error, other),
        )

    def _signed(self, message: bytes, signature: Signature) -> bytes:
        before = sized(self.mac) if self.mac else b""
        after = timers(signature) if self._begun else variables(signature)
        self.mac = hmac.digest(self.key.secret, before + message + after, self.key.digest)
        self._begun = True
        return appended(message, signature, self.mac)


def unsigned_refusal(message: bytes, refused: Refused, now: float) -> bytes:
    """An answer with BADKEY or BADSIG: a TSIG record without a MAC.  Source: section 5.3.2."""
    asked = refused.signature
    signature = Signature(
        asked.name, asked.algorithm, int(now), limits.TSIG_FUDGE, b"", message[:2], refused.error, b""
    )
    return appended(message, signature, b"")


class Unverified(NetappError):
    """An answer that cannot be believed; its text says why, for a log."""


class Verifier:
    """Checks the messages that answer a signed request, one after another.

    :param key: the request's.
    :param request_mac: its MAC: :attr:`Signer.mac`.
    """

    def __init__(self, key: Key, request_mac: bytes) -> None:
        self._key = key
        self._digest = hmac.new(key.secret, sized(request_mac), key.digest)
        self._begun = False
        self.unsigned = 0  # messages since the last that was signed

    def verify(self, message: bytes, now: float) -> bytes:
        """One message without its signature.

        :raises WireError: it cannot be read.
        :raises Unverified: its signature does not hold, or has been due for too long.

        Source: RFC 8945 sections 5.3.1 and 5.4.
        """
        read = read_signed(message) if len(message) >= HEADER else None
        if read is None:
            self.unsigned += 1
            if not self._begun or self.unsigned > limits.TSIG_UNSIGNED:
                raise Unverified("the answer is not signed")
            self._digest.update(message)
            return message
        octets, signature = read
        self._check(octets, signature, now)
        return message[:2] + octets[2:]

    def finish(self) -> None:
        """No more will come.  :raises Unverified: the last message was not signed."""
        if self.unsigned or not self._begun:
            raise Unverified("the last message is not signed")

    def _check(self, octets: bytes, signature: Signature, now: float) -> None:
        key = self._key
        if signature.error in (BADKEY, BADSIG) and not signature.mac:
            raise Unverified(
                f"the peer says {ERRORS[signature.error]}: see that the key {key} is the same there"
            )
        if (signature.name, signature.algorithm) != (key.name, _WIRE_NAMES[key.algorithm]):
            raise Unverified(f"the answer is signed by another key, {shown(signature.name)}")
        self._digest.update(octets + (timers(signature) if self._begun else variables(signature)))
        mac = self._digest.digest()
        if not hmac.compare_digest(mac, signature.mac):  # one that is cut neither
            raise Unverified(f"the answer's signature by the key {key} is wrong")
        if signature.error:
            said = ERRORS.get(signature.error, str(signature.error))
            clocks = ": see that both clocks are right" if signature.error == BADTIME else ""
            raise Unverified(f"the peer says {said}{clocks}")
        if abs(int(now) - signature.time) > signature.fudge:
            raise Unverified("the answer was signed at another time: see that both clocks are right")
        self._begun, self.unsigned = True, 0
        self._digest = hmac.new(key.secret, sized(mac), key.digest)


def room(key: Key) -> int:
    """Octets that a signature by this key adds to a message."""
    names = len(key.name) + len(_WIRE_NAMES[key.algorithm])
    return names + FIXED + TIMES + ALGORITHMS[key.algorithm] + ENDING
