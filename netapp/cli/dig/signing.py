"""A question's signature, and its answers' (TSIG), where a key was given."""

import time
from typing import TYPE_CHECKING

from netapp.cli.dig import messages
from netapp.cli.dig.messages import Message

if TYPE_CHECKING:
    from netapp.dns.tsig.keys import Key
    from netapp.dns.tsig.signing import Verifier


class Trust:
    """Signs one question and checks what answers it, message by message.

    :param key: None: nothing is signed, and nothing checked.

    Source: RFC 8945 sections 5.3 and 5.4.
    """

    def __init__(self, key: "Key | None") -> None:
        self._key = key
        self._verifier: Verifier | None = None

    @property
    def signed(self) -> bool:
        return self._key is not None

    def sign(self, octets: bytes) -> bytes:
        """The question as it goes out."""
        if self._key is None:
            return octets
        from netapp.dns.tsig.signing import Signer, Verifier

        signer = Signer(self._key)
        signed = signer.sign(octets, time.time())
        self._verifier = Verifier(self._key, signer.mac)
        return signed

    def read(self, octets: bytes) -> Message:
        """One message of the answer, without its signature.

        :raises WireError: it is none.
        :raises Unverified: its signature is wrong, or missing.
        """
        if self._verifier is not None:
            octets = self._verifier.verify(octets, time.time())
        return messages.read(octets)

    def finish(self) -> None:
        """All has come.  :raises Unverified: its end is not signed."""
        if self._verifier is not None:
            self._verifier.finish()
