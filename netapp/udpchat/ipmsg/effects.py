"""What an IP Messenger session has its adapter do."""

from dataclasses import dataclass

from netapp.udpchat.ipmsg.peers import Address, Peer, Seen


@dataclass(frozen=True, slots=True)
class Send:
    octets: bytes
    to: Address


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the session wants back once a message is stored, or could not be."""

    peer: Peer
    seen: Seen | None  # None: no receipt is asked for


@dataclass(frozen=True, slots=True)
class Joined:
    """A peer is in the lobby, or has another name there."""

    who: Address
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """A peer in the lobby has said something: store it, then call ``stored`` or ``unstored``."""

    who: Address
    text: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Asked:
    """A peer wants something to be told to it alone: call ``reply``."""

    who: Address
    command: str


@dataclass(frozen=True, slots=True)
class Away:
    """A peer in the lobby has been silent for long; with Joined it is back, with Left it is not."""

    who: Address


@dataclass(frozen=True, slots=True)
class Left:
    who: Address


Effect = Send | Said | Asked | Joined | Away | Left
