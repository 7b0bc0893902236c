"""A peer's way into the lobby and out of it: what has changed, as effects."""

from netapp.udpchat.ipmsg.effects import Effect, Joined, Left
from netapp.udpchat.ipmsg.peers import Peer


def enter(peer: Peer) -> list[Effect]:
    """A peer has spoken: it is in the lobby.  The tutorials' greeter is no member (IPMSG 18.10)."""
    peer.member = peer.member or peer.listed
    peer.away = False
    if peer.present:
        return []
    peer.present = True
    return [Joined(peer.address, peer.name)]


def known(peer: Peer) -> list[Effect]:
    """A peer has said who it is; perhaps it has another name now."""
    return [Joined(peer.address, peer.name)] if peer.present else []


def depart(peer: Peer) -> list[Effect]:
    if not (peer.present or peer.away):
        return []
    peer.present = peer.away = False
    return [Left(peer.address)]


def leave(peer: Peer) -> list[Effect]:
    """A peer wants to hear no more."""
    peer.member = False
    peer.outbox.clear()
    return depart(peer)
