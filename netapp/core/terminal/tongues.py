"""How each peer of a talk writes, and so how it is written to."""

from collections import OrderedDict

from netapp.core import limits, mixed
from netapp.core.terminal.parties import Party
from netapp.core.text import Codec, Encoding, Tongue, decode


class Tongues:
    """What each peer last wrote in; :attr:`encoding` is the person's own choice, for all of them."""

    def __init__(self) -> None:
        self.encoding: Encoding | None = None
        self._codecs: OrderedDict[str, Codec] = OrderedDict()

    def heard(self, party: Party, octets: bytes) -> None:
        """A peer has written this."""
        mixed.read(octets, party.tongue)  # remembers it
        if octets.isascii():
            return
        self._codecs[party.name] = decode(octets, None)[1]
        self._codecs.move_to_end(party.name)
        if len(self._codecs) > limits.TERMINAL_PEERS:
            self._codecs.popitem(last=False)

    def of(self, party: Party) -> Tongue:
        """How a peer is written to."""
        if self.encoding is None:
            return party.tongue
        return Tongue(self._codecs.get(party.name, "utf-8") if self.encoding == "auto" else self.encoding)
