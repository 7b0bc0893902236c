"""Plain questions to their addresses, remembered until a zone changes."""

from collections.abc import Callable

from netapp.core import limits
from netapp.dns.query.bodies import Bodies
from netapp.dns.query.plain import PLAIN_NAME, Unknown, is_own, plain_name, read_name
from netapp.names.lookup.walk import address_of
from netapp.names.model import A


class Texts:
    """The answers to plain questions.

    :param unknown: what is said of a name that we do not have.
    :param number: an answer behind its id to the number of its kind, as :class:`Answers
        <netapp.dns.query.answers.Answers>` has it.
    """

    def __init__(self, bodies: Bodies, unknown: Unknown, number: Callable[[bytes], int]) -> None:
        self._bodies = bodies
        self._unknown = unknown
        self._own = unknown.own()
        self._number_of = number
        self._number = b""  # the same for all addresses
        self._known: dict[bytes, bytes] = {}

    def forget(self) -> None:
        """Other names are served from now on."""
        self._known.clear()

    def short(self, datagram: bytes) -> bytes | None:
        """The answer to a question of a name that is there as it stands, its number behind it."""
        known = self._known.get(datagram)
        if known is not None or PLAIN_NAME.fullmatch(datagram) is None or datagram in self._own:
            return known
        found = self._bodies.own_set(plain_name(datagram), A)
        if found is None:
            return None
        return self._keep(datagram, b"%d.%d.%d.%d" % tuple(found.rdatas[0]))

    def answer(self, octets: bytes) -> bytes | None:
        """The answer, without a line end; None if the question is our own reply."""
        if is_own(octets, self._own):
            return None
        name, codec = read_name(octets)
        address = address_of(self._bodies.snapshot, name) if name is not None else None
        if address is None:
            return self._unknown.said_in(codec)
        answer = address.encode("ascii")
        self._keep(octets, answer)
        return answer

    def _keep(self, octets: bytes, address: bytes) -> bytes:
        """:returns: the address with its number behind it."""
        if not self._number:
            self._number = bytes((self._number_of(address[2:]),))
        answer = address + self._number
        if len(octets) <= limits.DNS_TEXT:
            if len(self._known) >= limits.DNS_ANSWERS:
                self._known.clear()
            self._known[octets] = answer
        return answer
