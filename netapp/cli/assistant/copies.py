"""The copies of a datagram: sent until an answer comes, which may be lost, or only late."""

from collections.abc import Callable

from netapp.core import limits


class Copies:
    """What one message and its answers owe each other; the clock is the caller's.

    An answer to the first copy may be late, those to the others on their way.  They come within the
    time in which the copies went out: until then the next message is held, and they are nobody's.
    """

    def __init__(self) -> None:
        #: When another copy is due.
        self.due: float | None = None
        #: Until when the next message is held.
        self.held: float | None = None
        self._send: Callable[[], None] = lambda: None
        self._first = self._last = self._pause = 0.0
        self._sent = 0

    def begin(self, send: Callable[[], None], now: float, wait: float) -> None:
        """A message has been sent once.  :param wait: seconds in which an answer must come."""
        self._send, self._sent = send, 1
        self._first = self._last = now
        self._pause = wait / limits.COMMAND_COPIES
        self.due, self.held = now + self._pause, None

    def again(self, now: float) -> None:
        """Send another copy.  :raises OSError: the peer refuses."""
        self._sent, self._last = self._sent + 1, now
        self.due = now + self._pause if self._sent < limits.COMMAND_COPIES else None
        self._send()

    def answered(self, now: float) -> None:
        """The first answer has come."""
        if self._sent > 1:
            self.held = now + self._last - self._first
        self.due = None

    def missed(self) -> None:
        """No answer has come, and none is awaited any more."""
        self.due, self._sent = None, 0

    def stray(self) -> bool:
        """Whether what has come answers another copy of what is answered already."""
        if self.held is None:
            return False
        self._sent -= 1
        if self._sent <= 1:
            self.held = None
        return True

    def release(self, now: float) -> None:
        """Let the next message go once its time has come."""
        if self.held is not None and now >= self.held:
            self.held = None
