"""Our own packets: who we are, and how each kind of client wants to hear it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from netapp.core.text import Codec, Encoding, encode
from netapp.udpchat.ipmsg.peers import Peer
from netapp.udpchat.ipmsg.texts import Dialect, codec_for
from netapp.udpchat.ipmsg.wire import SAFE, Command, Packet, State, Wish, build_packet, build_presence

#: Octets of a message's text: a whole datagram less the longest header and the final NUL.
MOST_TEXT = SAFE - 256


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who we are on the LAN.

    :param user: and host: ASCII without colons (IPMSG 2.5).
    :param version: our version field; it names netapp, so that two of us never relay each other.
    :param feiq: the version field for FeiQ, which treats others as strangers (IPMSG 18.1).
    """

    user: bytes
    host: bytes
    nickname: str
    group: str
    version: bytes
    feiq: bytes
    info: str  # what GETINFO gets


class Writer:
    """Makes packets, each with the next number.

    :param number: gives numbers that rise for ever, also over restarts (IPMSG 2.4, 7.7).
    """

    def __init__(self, identity: Identity, encoding: Encoding, number: Callable[[], int]) -> None:
        self._identity, self._encoding, self._number = identity, encoding, number

    def codec(self, peer: Peer) -> Codec:
        return codec_for(peer.dialect, self._encoding, peer.learned, utf8=peer.utf8)

    def message(self, peer: Peer, text: str, wishes: int) -> tuple[int, bytes]:
        """A SENDMSG.  :returns: (its number, octets).  Source: IPMSG 7.1, 8.4."""
        body, flag = self._text(peer, text)
        packet = self._packet(Command.SENDMSG, wishes | flag, body + b"\0", peer)
        return packet.number, build_packet(packet)

    def receipt(self, number: int) -> bytes:
        """A RECVMSG, as short as it can be.  Source: IPMSG 7.2."""
        return build_packet(self._packet(Command.RECVMSG, 0, b"%d" % number))

    def text(self, peer: Peer, command: Command, text: str) -> bytes:
        """A SENDINFO or SENDABSENCEINFO.  Source: IPMSG 7.6."""
        body, flag = self._text(peer, text)
        return build_packet(self._packet(command, flag, body + b"\0", peer))

    def answers(self, peer: Peer) -> Iterator[bytes]:
        """ANSENTRY, the fullest first, for a peer that may not be sent much.  Source: IPMSG 5.4."""
        flag = State.UTF8OPT if peer.utf8 else 0
        return self._shorter(Command.ANSENTRY, State.CAPUTF8OPT | flag, self.codec(peer), peer)

    def entries(self, peer: Peer) -> Iterator[bytes]:
        """BR_ENTRY to one peer, the fullest first.  Source: IPMSG 5.3."""
        yield self.presence(Command.BR_ENTRY, peer)
        yield from self._shorter(Command.BR_ENTRY, State.CAPUTF8OPT, self.codec(peer), peer)

    def exit(self, peer: Peer) -> bytes:
        """BR_EXIT to one peer, short enough to be sent twice.  Source: IPMSG 5.2, 5.5."""
        nickname = encode(self._identity.nickname, self.codec(peer))
        return build_packet(self._packet(Command.BR_EXIT, 0, nickname + b"\0", peer))

    def presence(self, command: Command, peer: Peer | None = None) -> bytes:
        """BR_ENTRY, BR_EXIT or NOOPERATION, for everybody or one peer.

        The fields are in GBK, as a Chinese segment shows them, and again in UTF-8 in the block
        (IPMSG 5.3, 5.4).
        """
        codec: Codec = "utf-8" if self._encoding == "utf-8" else "gbk"
        who = self._identity
        block = {
            b"UN": who.user,
            b"HN": who.host,
            b"NN": who.nickname.encode(),
            b"GN": who.group.encode(),
        }
        extra = build_presence(encode(who.nickname, codec), encode(who.group, codec), block)
        return build_packet(self._packet(command, State.CAPUTF8OPT, extra, peer))

    def _shorter(self, command: Command, options: int, codec: Codec, peer: Peer) -> Iterator[bytes]:
        nickname, group = encode(self._identity.nickname, codec), encode(self._identity.group, codec)
        for extra in (build_presence(nickname, group), nickname + b"\0", b""):
            yield build_packet(self._packet(command, options, extra, peer))

    def _text(self, peer: Peer, text: str) -> tuple[bytes, int]:
        codec = self.codec(peer)
        flag = Wish.UTF8OPT if peer.utf8 and codec == "utf-8" else 0
        return encode(text, codec), flag

    def _packet(self, command: Command, options: int, extra: bytes, peer: Peer | None = None) -> Packet:
        who = self._identity
        version = who.feiq if peer is not None and peer.dialect is Dialect.FEIQ else who.version
        if command is Command.RECVMSG:
            version = b"1"
        return Packet(version, self._number(), who.user, who.host, command, int(options), extra)
