"""How much waits for a peer, and how much has passed under one set of keys: counts, and their bounds."""

from netapp.core import limits

_PACKET = 64  # what encryption adds to a message, about


class Flow:
    """One connection's."""

    def __init__(self) -> None:
        self.paused = False  # the peer does not read
        self.exchanging = False  # our own KEXINIT is out: most of what we say waits for the end of that
        self._unread = self._withheld = self._passed = 0

    @property
    def congested(self) -> bool:
        """What is said now would wait."""
        return self.paused or self.exchanging

    @property
    def worn(self) -> bool:
        """It is time for new keys: RFC 4253 section 9."""
        return self._passed > limits.SSH_REKEY and not self.exchanging

    def pause(self) -> None:
        self.paused, self._unread = True, 0

    def begin_exchange(self) -> None:
        self.exchanging, self._withheld, self._passed = True, 0, 0

    def end_exchange(self) -> None:
        self.exchanging, self._withheld = False, 0

    def heard(self, size: int) -> None:
        self._passed += size

    def says(self, size: int, *, waits: bool) -> bool:
        """Whether a message may be sent, or the peer has let too much wait.

        :param waits: it waits for the end of an exchange, if there is one.
        """
        self._passed += size
        if self.exchanging and waits:
            self._withheld += size
        if self.paused:
            self._unread += size + _PACKET
        return max(self._withheld, self._unread) <= limits.UNSENT
