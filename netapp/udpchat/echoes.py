"""What was sent must not come back as something said: two programs that answer would never end."""

from collections import OrderedDict
from typing import Final

from netapp.core import limits

#: Texts remembered; the oldest are forgotten first.
MOST: Final = 16_384


class NoEcho:
    """The texts that were sent to each peer within the last ten seconds."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[tuple[str, int], int], float] = OrderedDict()

    def add(self, peer: tuple[str, int], text: str | bytes, now: float) -> None:
        """A text is sent to a peer."""
        key = (peer, hash(text))
        self._sent[key] = now
        self._sent.move_to_end(key)
        if len(self._sent) > MOST:
            self._sent.popitem(last=False)

    def holds(self, peer: tuple[str, int], text: str | bytes, now: float) -> bool:
        """Whether a text that came from a peer is one that was just sent to it."""
        while self._sent and next(iter(self._sent.values())) <= now - limits.NO_ECHO:
            self._sent.popitem(last=False)
        return (peer, hash(text)) in self._sent
