"""A client's side of one request: it goes out signed, and what answers it is believed by its signature.

Source: RFC 8945 sections 5.3 and 5.4.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netapp.dns.tsig.keys import Key
    from netapp.dns.tsig.signing import Verifier


class Trust:
    """Signs one request, and checks what answers it.

    :param key: None: nothing is signed, and nothing checked.
    :param time: gives seconds since 1970.
    """

    def __init__(self, key: "Key | None", time: Callable[[], float]) -> None:
        self._key, self._time = key, time
        self._mac = b""
        self._verifier: Verifier | None = None

    @property
    def signed(self) -> bool:
        return self._key is not None

    def request(self, message: bytes) -> bytes:
        """The request as it goes out."""
        if self._key is None:
            return message
        from netapp.dns.tsig.signing import Signer  # a command without a key need not wait for it

        signer = Signer(self._key)
        signed = signer.sign(message, self._time())
        self._mac = signer.mac
        self._begin()
        return signed

    def lone(self, message: bytes) -> bytes:
        """An answer of one message, without its signature; any number of them may be tried.

        :raises WireError: it cannot be read.
        :raises Unverified: it cannot be believed.
        """
        self._begin()
        plain = self.answer(message)
        self.finish()
        return plain

    def answer(self, message: bytes) -> bytes:
        """The next message of an answer, without its signature.  Raises as :meth:`lone` does."""
        return message if self._verifier is None else self._verifier.verify(message, self._time())

    def finish(self) -> None:
        """All has come.  :raises Unverified: the last message was not signed."""
        if self._verifier is not None:
            self._verifier.finish()

    def _begin(self) -> None:
        if self._key is not None:
            from netapp.dns.tsig.signing import Verifier

            self._verifier = Verifier(self._key, self._mac)
