"""What a person types into telnet or nc, and what a tutorial's program sends, as messages.

A line feed, CR LF, CR NUL or a lone CR ends a message.  So does quiet, since the tutorials'
programs send none of these: 0.3 s of it, or 2 s while only single octets have come.  A peer that
has spoken telnet's own protocol ends its lines always, and may think as long as it likes.

Source: RFC 854 (telnet); RFC 1143 for refusing options without a loop; RFC 856 (binary); RFC 857
(echo), by which a telnet is asked not to show a password.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from netapp.core import limits, text
from netapp.errors import WireError

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240  # RFC 854
IP = 244  # RFC 854: ^C
BINARY = 0  # RFC 856
ECHO = 1  # RFC 857
TIMING_MARK = 6  # RFC 860: each request wants its own answer, or telnet shows nothing more
_SPECIAL: Final = re.compile(rb"[\x00\x08\x7f\xff]")
_SUBNEGOTIATION: Final = re.compile(rb"\xff\xfa(?:[^\xff]|\xff[^\xf0])*\xff\xf0", re.DOTALL)  # RFC 855
#: GNU telnet, Debian's, takes these octets of a UTF-8 character for ^C, ^O, ^Z and ^\, and sends
#: a command instead: IP, AO, SUSP or BRK.
_MISTAKEN: Final = {244: b"\x83", 245: b"\x8f", 237: b"\x9a", 243: b"\x9c"}
_UNFINISHED: Final = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2})\Z")


@dataclass(frozen=True, slots=True)
class Reply:
    """Octets that the reader itself must send: refused telnet options, and a request for binary."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Overlong:
    """A message passed the limit; the rest of it, to its end, is dropped."""


Item = bytes | Reply | Overlong


class LineReader:
    """Octets in, in any pieces; messages out, without what ended them.

    ``now`` is seconds, as the reactor counts them; ``deadline`` is when :meth:`tick` has work,
    or infinity.

    :param limit: octets a message may have.
    """

    def __init__(self, *, limit: int = limits.LINE) -> None:
        self.deadline = math.inf
        self.returns = False  # the peer has ended a line with CR LF or CR NUL
        self._telnet = _Telnet()
        self._limit = limit
        self._buffer = b""
        self._tail = b""  # the last three octets of the message, however long it is
        self._after_cr = False
        self._lone = True  # only single octets so far in this message
        self._dropping = False

    @property
    def pending(self) -> bytes:
        """What has come of a message that has not ended yet."""
        return self._buffer

    @property
    def is_telnet(self) -> bool:
        """The peer looks like one: it has sent an IAC, or ends its lines with CR."""
        return self._telnet.heard or self.returns

    @property
    def hidden(self) -> bool:
        """The peer was asked not to show what is typed."""
        return self._telnet.offers

    def hide(self) -> bytes:
        """What asks a telnet not to show what is typed next, by offering to do so ourselves.

        Nothing for who does not look like one.
        """
        return self._telnet.offer() if self.is_telnet else b""

    def show(self) -> bytes:
        """What ends that, and the line that the peer has not shown the end of; or nothing."""
        return self._telnet.withdraw() + b"\r\n" if self.hidden else b""

    def interrupted(self) -> bool:
        """Whether a telnet has sent its ^C since the last call; what was typed of a line is dropped then."""
        pressed, self._telnet.interrupted = self._telnet.interrupted, False
        if pressed:
            self._buffer, self._tail, self._dropping = b"", b"", False
        return pressed

    def receive(self, data: bytes, now: float) -> list[Item]:
        """:raises WireError: the peer plays with telnet options without end."""
        items: list[Item] = []
        if len(data) > 1:
            self._lone = False
        if self._telnet.heard or IAC in data:
            data = self._without_telnet(data, items)
        self._tail = (self._tail + data)[-3:]
        if self._after_cr and data:
            self._after_cr = False
            if data[0] in b"\n\x00":
                self.returns = True
                data = data[1:]
        if b"\r" in data:
            self.returns = self.returns or b"\r\n" in data or b"\r\x00" in data
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r\x00", b"\n").replace(b"\r", b"\n")
        *lines, rest = (self._buffer + data).split(b"\n")
        for line in lines:
            items.extend(self._ended(line))
        self._keep(rest, items)
        self._set_deadline(now)
        return items

    def tick(self, now: float) -> list[Item]:
        """Time has passed: quiet may have ended a message."""
        return self.finish() if now >= self.deadline else []

    def finish(self) -> list[Item]:
        """The peer will send no more: what is there is a message."""
        rest, self._buffer, self._tail = self._buffer, b"", b""
        self.deadline = math.inf
        return self._ended(rest) if rest or self._dropping else []

    def _ended(self, line: bytes) -> list[Item]:
        self._lone = True
        if self._dropping:
            self._dropping = False
            return []
        if len(line) > self._limit:
            return [Overlong()]
        return [_edited(line) if _SPECIAL.search(line) else line]

    def _keep(self, rest: bytes, items: list[Item]) -> None:
        if len(rest) > self._limit and not self._dropping:
            items.append(Overlong())
            self._dropping = True
        self._buffer = b"" if self._dropping else rest

    def _set_deadline(self, now: float) -> None:
        if not self._buffer and not self._dropping:
            self.deadline = math.inf
            self._lone = True
        elif self._telnet.heard:
            self.deadline = math.inf
        else:
            self.deadline = now + (limits.QUIET_LONE if self._lone else limits.QUIET)

    def _without_telnet(self, data: bytes, items: list[Item]) -> bytes:
        data, reply = self._telnet.receive(data, self._tail)
        if reply:
            items.append(Reply(reply))
        return data


class _Telnet:
    """Takes telnet's commands out of the octets and refuses every option, once each.

    A command in the middle of a character is the octet that the client mistook.  It is put back,
    and the client is asked, once, to send binary from then on, in which it mistakes nothing; so is
    a client that has agreed to hide what is typed.

    The one option that we offer is to echo, and we then show nothing: a hidden password.  A DO that
    answers an offer is told from one that asks by counting, since by the time it comes the offer
    may be withdrawn, and made again.
    """

    def __init__(self) -> None:
        self.heard = False  # the peer has sent an IAC
        self.interrupted = False
        self.offers = False
        self._unanswered = 0  # offers to echo
        self._command = b""  # an unfinished command, from its IAC on
        self._refused: set[bytes] = set()
        self._options = 0
        self._asked = False

    def receive(self, data: bytes, before: bytes) -> tuple[bytes, bytes]:
        """:returns: (octets without commands, what to send).
        :param before: the last octets of the message so far.
        :raises WireError: too many options, or a subnegotiation without end.
        """
        self.heard = True
        data, self._command = self._command + data, b""
        clean, replies = bytearray(), bytearray()
        position = 0
        while (start := data.find(IAC, position)) >= 0:
            clean += data[position:start]
            length = self._length(data, start)
            if length == 0:
                self._command = data[start:]
                return bytes(clean), bytes(replies)
            if (octet := _MISTAKEN.get(data[start + 1])) and _UNFINISHED.search((before + clean[-3:])[-3:]):
                clean += octet
                replies += self._ask()
            else:
                self.interrupted = self.interrupted or data[start + 1] == IP
                replies += self._answer(data[start : start + length])
            position = start + length
        clean += data[position:]
        return bytes(clean), bytes(replies)

    def _length(self, data: bytes, start: int) -> int:
        """Length of the command at ``start``; 0 when more must come."""
        if len(data) < start + 2:
            return 0
        if data[start + 1] in (WILL, WONT, DO, DONT):
            return 3 if len(data) >= start + 3 else 0
        if data[start + 1] != SB:
            return 2
        whole = _SUBNEGOTIATION.match(data, start, start + limits.TELNET_SUBNEGOTIATION)
        if whole is None and len(data) - start >= limits.TELNET_SUBNEGOTIATION:
            raise WireError("a subnegotiation without end", source="RFC 855")
        return whole.end() - start if whole is not None else 0

    def offer(self) -> bytes:
        if self.offers:
            return b""
        self.offers = True
        self._unanswered += 1
        return bytes([IAC, WILL, ECHO])

    def withdraw(self) -> bytes:
        self.offers = False
        return bytes([IAC, WONT, ECHO])

    def _ask(self) -> bytes:
        asked, self._asked = self._asked, True
        return b"" if asked else bytes([IAC, DO, BINARY])

    def _answer(self, command: bytes) -> bytes:
        if command[1] not in (WILL, DO):
            return b""  # WONT and DONT need no answer to what was never agreed
        if self._asked and command == bytes([IAC, WILL, BINARY]):
            return b""  # agreed, and RFC 1143 has no answer to the agreement that one asked for
        if self._unanswered and command == bytes([IAC, DO, ECHO]):
            self._unanswered -= 1
            return self._ask()  # a telnet, then: of GNU's, 0x9D in a character is the escape key too
        self._options += 1
        if self._options > limits.TELNET_OPTIONS:
            raise WireError("too many telnet options", source="RFC 1143")
        if command in self._refused and command[2] != TIMING_MARK:
            return b""
        self._refused.add(command)
        return bytes([IAC, DONT if command[1] == WILL else WONT, command[2]])


def _edited(line: bytes) -> bytes:
    """Obey the erase keys, a whole character each, and drop NUL; the rest keeps its octets."""
    line = line.replace(b"\x00", b"").replace(b"\xff", b"")
    if b"\b" not in line and b"\x7f" not in line:
        return line
    decoded, codec = text.decode(line)
    kept: list[str] = []
    for char in decoded:
        if char not in "\b\x7f":
            kept.append(char)
        elif kept:
            kept.pop()
    return "".join(kept).encode("gb18030" if codec == "gbk" else codec, "replace")
