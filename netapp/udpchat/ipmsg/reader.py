"""What a packet says of its peer and of itself, in the peer's own encoding."""

from netapp.udpchat.ipmsg import texts
from netapp.udpchat.ipmsg.peers import Peer
from netapp.udpchat.ipmsg.wire import Packet, State, Wish, parse_offers, parse_presence


def learn(peer: Peer, packet: Packet) -> None:
    """Take from a presence packet who a peer is.  Source: IPMSG 5.2, 5.3."""
    presence = parse_presence(packet)
    peer.utf8, peer.listed = packet.has(State.CAPUTF8OPT), True
    if b"NN" in presence.block:
        nickname = presence.block[b"NN"].decode("utf-8", "replace")
    else:
        nickname = _decode(peer, presence.nickname, flagged=packet.has(State.UTF8OPT))
    peer.nickname = texts.name(nickname)


def message_text(peer: Peer, packet: Packet) -> str:
    """A message as it is shown; offered files are named, and not fetched."""
    flagged = packet.has(Wish.UTF8OPT)
    shown = texts.cleaned(_decode(peer, packet.body, flagged=flagged))
    names = (texts.name(_decode(peer, offer, flagged=flagged)) for offer in parse_offers(packet))
    return "\n".join((shown, *(f"[{name}]" for name in names))).strip()


def _decode(peer: Peer, octets: bytes, *, flagged: bool) -> str:
    text, shown = texts.decode(octets, flagged=flagged, known=peer.known_codec, learned=peer.learned)
    peer.learned = shown or peer.learned
    return text
