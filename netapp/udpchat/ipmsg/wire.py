"""IP Messenger's packet: octets to values and back.

A packet is one datagram, ``version:number:user:host:command:extra`` (IPMSG 2.1).  ``extra`` stays
octets here, since its encoding depends on who sent it; see :mod:`netapp.udpchat.ipmsg.texts`.

"IPMSG 9.2" in this folder means that section of the project's specification of the protocol.
"""

import re
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Final

from netapp.errors import WireError

#: Octets that user and host may have: IPMSG 20.3.
NAME: Final = 79
#: Octets of a version field; FeiQ's have about 45: IPMSG 18.1.
VERSION: Final = 256
#: Octets of a datagram that every known client takes whole: IPMSG 7.9.
SAFE: Final = 8000

_U32: Final = 0xFFFFFFFF
_PACKET: Final = re.compile(
    rb"([0-9][^:\0]*):([0-9]{1,10}):([^:\0]*):([^:\0]*):([0-9]{1,10}):(.*)", re.DOTALL
)
_NUMBER: Final = re.compile(rb"\s*([0-9]{1,10})(?![0-9])")


class Command(IntEnum):
    """The low eight bits of the command field: IPMSG 3."""

    NOOPERATION = 0x00
    BR_ENTRY = 0x01
    BR_EXIT = 0x02
    ANSENTRY = 0x03
    BR_ABSENCE = 0x04
    SENDMSG = 0x20
    RECVMSG = 0x21
    GETINFO = 0x40
    SENDINFO = 0x41
    GETABSENCEINFO = 0x50
    SENDABSENCEINFO = 0x51


class State(IntFlag):
    """Option bits of presence commands, the peer's state: IPMSG 4.1."""

    ABSENCEOPT = 0x00000100
    UTF8OPT = 0x00800000
    CAPUTF8OPT = 0x01000000


class Wish(IntFlag):
    """Option bits of SENDMSG, the message's wishes: IPMSG 4.2."""

    SENDCHECKOPT = 0x00000100
    BROADCASTOPT = 0x00000400
    AUTORETOPT = 0x00002000
    NOADDLISTOPT = 0x00080000
    FILEATTACHOPT = 0x00200000
    ENCRYPTOPT = 0x00400000
    UTF8OPT = 0x00800000


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; ``command`` is the low eight bits, ``options`` the others in their places."""

    version: bytes
    number: int  # unsigned 32 bit; the same on every copy of a message
    user: bytes
    host: bytes
    command: int
    options: int = 0
    extra: bytes = b""

    def has(self, option: State | Wish) -> bool:
        return bool(self.options & option)

    @property
    def body(self) -> bytes:
        """The text part of ``extra``: what stands before the first NUL (IPMSG 2.2)."""
        return self.extra.partition(b"\0")[0]


def parse_packet(datagram: bytes) -> Packet:
    """Read one datagram.

    The version may be any number but 2, which belongs to another protocol, with any tail:
    ``1_iptux 0.8.3``, the tutorials' ``99`` (IPMSG 2.3, 18.10).

    :raises WireError: no packet of this protocol; to be dropped in silence.

    Source: IPMSG 2.1, 2.8, 20.3.
    """
    match = _PACKET.fullmatch(datagram)
    if match is None:
        raise WireError("no packet", source="IPMSG 2.1")
    version, number, user, host, command, extra = match.groups()
    if len(user) > NAME or len(host) > NAME or len(version) > VERSION:
        raise WireError("a name is too long", source="IPMSG 20.3")
    if _leading(version) == 2:
        raise WireError("a packet of another protocol", source="IPMSG 2.3")
    if int(number) > _U32 or int(command) > _U32:
        raise WireError("more than 32 bits", source="IPMSG 2.1")
    code = int(command)
    return Packet(version, int(number), user, host, code & 0xFF, code & ~0xFF, extra)


def build_packet(packet: Packet) -> bytes:
    """Write one datagram.  Source: IPMSG 2.1."""
    fields = (
        packet.version,
        b"%d" % packet.number,
        packet.user,
        packet.host,
        b"%d" % (packet.command | packet.options),
        packet.extra,
    )
    return b":".join(fields)


def parse_receipt(packet: Packet) -> int:
    """The number that a RECVMSG names, in decimal.

    :raises WireError: none.

    Source: IPMSG 3, 7.2.
    """
    match = _NUMBER.match(packet.extra)
    if match is None or int(match[1]) > _U32:
        raise WireError("a receipt without a number", source="IPMSG 7.2")
    return int(match[1])


@dataclass(frozen=True, slots=True)
class Presence:
    """What a presence packet says of its sender, undecoded."""

    nickname: bytes
    group: bytes
    #: The block in UTF-8, ``NN`` to the nickname and so on; empty without one.
    block: dict[bytes, bytes] = field(default_factory=dict)


def parse_presence(packet: Packet) -> Presence:
    """Read the extra of BR_ENTRY, ANSENTRY, BR_ABSENCE or BR_EXIT; any octets will do.

    The block counts only when the sender has CAPUTF8OPT; it may also stand where the group
    belongs (IPMSG 5.3).

    Source: IPMSG 5.2, 5.3.
    """
    nickname, _, rest = packet.extra.partition(b"\0")
    group, _, rest = rest.partition(b"\0")
    block = b""
    if group.startswith(b"\n"):
        block, group = group, b""
    elif rest.startswith(b"\n"):
        block = rest
    if not packet.has(State.CAPUTF8OPT):
        return Presence(nickname, group)
    return Presence(nickname, group, _parse_block(block.partition(b"\0")[0]))


def build_presence(nickname: bytes, group: bytes, block: dict[bytes, bytes] | None = None) -> bytes:
    """Write the extra of a presence packet.  Source: IPMSG 5.2, 5.3."""
    extra = nickname + b"\0" + group + b"\0"
    if block:
        extra += b"".join(b"\n%s:%s" % pair for pair in block.items()) + b"\n\0"
    return extra


def parse_offers(packet: Packet) -> list[bytes]:
    """The names in a message's attachment list, undecoded; at most 100 of them.

    Source: IPMSG 9.1, 9.3, 9.4.
    """
    if not packet.has(Wish.FILEATTACHOPT):
        return []
    listed = packet.extra.partition(b"\0")[2].partition(b"\0")[0]
    names = []
    for entry in listed.split(b"\a")[:100]:
        fields = entry.strip(b":").replace(b"::", b"\x08").split(b":")
        if len(fields) >= 5:
            names.append(fields[1].replace(b"\x08", b":"))
    return names


def _parse_block(block: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in block.split(b"\n"))
    return {key: value for key, colon, value in pairs if colon and len(key) == 2}


def _leading(version: bytes) -> int:
    digits = re.match(rb"[0-9]{1,10}", version)
    return int(digits[0]) if digits else 0
