"""Many datagrams in memory that is laid out once, received and answered by one system call each.

A datagram and its answer have the same place: the answer is written over what it answers, and the
peer's address and the control data go back to the kernel as they came.
"""

import ctypes
import errno
import mmap
import sys
from array import array
from collections.abc import Iterator
from typing import Any, Final

from netapp.core import limits
from netapp.core.udp import layout
from netapp.core.udp.layout import LINK_LOCAL, MESSAGE, NAME, VECTOR, Family
from netapp.core.udp.source import Source

_DONTWAIT: Final = 0x40  # MSG_DONTWAIT; the numbers are Linux's
_TRUNC: Final = 0x20  # MSG_TRUNC: have the whole length told of what did not fit
#: What a kernel says of an address from which nothing can leave, such as one of all machines.
NO_ORIGIN: Final = (errno.EINVAL, errno.ENETUNREACH, errno.EADDRNOTAVAIL)
_COUNT: Final = limits.DATAGRAM_BATCH
#: Octets of each datagram that lie near to the next one's, so that a batch of common ones stays in the
#: processor's cache; the rest of a large one has a room elsewhere.  What an Ethernet frame carries, and
#: an odd number of cache lines: not all datagrams begin in the same.
NEAR: Final = 1472
_PAGE: Final = mmap.PAGESIZE
_ORDER: Final = sys.byteorder
_WORDS: Final = VECTOR // layout.SIZE
#: Octets of an answer that are not near, at most: more than any datagram has.
_ANSWER: Final = 65536 - NEAR


class Batch:
    """Up to ``limits.DATAGRAM_BATCH`` datagrams and their answers.

    A handler reads ``lengths``, ``starts`` and ``memory`` (a slice of it is octets), writes an answer
    to where the datagram begins, and its length into ``sizes``: 0, as it is found, is no answer.
    So for datagrams and answers of at most ``NEAR`` octets; :meth:`octets` and :meth:`answer` do it for any.

    :param calls: ``recvmmsg`` and ``sendmmsg``.
    :param size: of the largest datagram that is read.
    :param told: whether the socket tells which of our addresses was asked.
    :ivar sent: answers that have left.
    :ivar unsent: answers that the kernel would not send.
    :ivar truncated: datagrams that were too large, as far as somebody has looked.
    """

    def __init__(self, calls: tuple[Any, Any], family: Family, size: int, *, told: bool) -> None:
        self._receive, self._send = calls
        self._family, self._size, self._told = family, size, told
        self.sent = self.unsent = self.truncated = 0
        self.lengths: list[int] = []
        self.sizes: list[int] = []
        self._lay_out()
        self._next = self._end = 0  # of the answers that wait for the kernel
        self._again = -1

    def _lay_out(self) -> None:
        family, control = self._family, self._family.control if self._told else 0
        vectors = _COUNT * MESSAGE
        names = vectors + _COUNT * 2 * VECTOR
        controls = names + _COUNT * NAME
        near = -(-(controls + _COUNT * control) // 64) * 64
        far = -(-(near + _COUNT * NEAR) // _PAGE) * _PAGE
        self._near, self._far = min(NEAR, self._size), max(self._size, NEAR) - NEAR
        stride = -(-max(self._far, _ANSWER) // _PAGE) * _PAGE
        self.memory = mmap.mmap(-1, far + _COUNT * stride, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._base = base = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.starts = [near + number * NEAR for number in range(_COUNT)]
        self._rooms = [far + number * stride for number in range(_COUNT)]
        self._fresh = b"".join(
            layout.message(
                base + names + number * NAME,
                family.name,
                base + vectors + number * 2 * VECTOR,
                base + controls + number * control if control else 0,
                control,
            )
            for number in range(_COUNT)
        ) + b"".join(
            layout.vector(base + start, self._near) + layout.vector(base + room, self._far)
            for start, room in zip(self.starts, self._rooms, strict=True)
        )
        self._names_at, self._controls_at, self._control = names, controls, control
        self._look(vectors)

    def _look(self, vectors: int) -> None:
        """Views of what the kernel reads and writes beside the datagrams.

        :param vectors: where these begin.
        """
        names, controls, control = self._names_at, self._controls_at, self._control
        view = memoryview(self.memory)
        self._lengths = view[:vectors].cast("I")[layout.LENGTH_WORD :: layout.MESSAGE_WORDS]
        numbers = view[vectors:names].cast("L")
        self._here, self._there = numbers[1 :: 2 * _WORDS], numbers[1 + _WORDS :: 2 * _WORDS]
        self._nothing = memoryview(array("L", [0] * _COUNT))
        self._large: list[int] = []
        self._names = view[names:controls]
        if control:
            words = view[controls : controls + _COUNT * control].cast("I")
            self._indexes = words[self._family.index_at // 4 :: control // 4]
            self._nowhere = memoryview(bytes(4 * _COUNT)).cast("I")
            self._came_by = b""

    def __len__(self) -> int:
        return len(self.lengths)

    # What came ---------------------------------------------------------------------------------

    def receive(self, descriptor: int) -> int:
        """Read what is there.  :returns: how many; 0 for none.  :raises OSError: the socket has an error.

        An error of an earlier datagram comes once, and instead of what is there.
        """
        memory = self.memory
        memory[: len(self._fresh)] = self._fresh
        count: int = self._receive(descriptor, self._base, _COUNT, _DONTWAIT | _TRUNC, None)
        if count <= 0:
            self.lengths, self.sizes = [], []
            code = ctypes.get_errno()
            if count == 0 or code in (errno.EAGAIN, errno.EINTR):
                return 0
            raise OSError(code, "recvmmsg")
        self.lengths = self._lengths[:count].tolist()
        self.sizes = [0] * count
        if self._control:
            indexes = self._indexes[:count]
            self._came_by = indexes.tobytes()
            indexes[:] = self._nowhere[:count]  # an answer goes the way that the routes lead
            if LINK_LOCAL in self.memory[self._controls_at : self._controls_at + count * self._control]:
                self._keep_links()
        return count

    def _keep_links(self) -> None:
        """Have the answer leave by the link that the question came by, where both are of that alone:
        routes do not tell one such network from another.  (A peer of IPv6 has its link in its name.)
        """
        links, at = self._family.links, self._controls_at + self._family.own_at
        for slot in range(len(self.lengths)):
            if self.memory[at : at + 16].startswith(links):
                index = self._came_by[4 * slot : 4 * slot + 4]
                self._indexes[slot] = int.from_bytes(index, _ORDER)
            at += self._control

    def peers(self) -> Iterator[tuple[int, bytes]]:
        """Port and address octets of each datagram's source, as the socket has them."""
        return self._family.peer.iter_unpack(self._names[: len(self.lengths) * NAME])

    def octets(self, slot: int) -> bytes | None:
        """One datagram; None if it is larger than what was asked for: its end is lost."""
        length = self.lengths[slot]
        if length > self._size:
            self.truncated += 1
            return None
        start = self.starts[slot]
        if length <= NEAR:
            return self.memory[start : start + length]
        room = self._rooms[slot]
        return self.memory[start : start + NEAR] + self.memory[room : room + length - NEAR]

    def name(self, slot: int) -> bytes:
        """Its source's raw address."""
        at = self._names_at + slot * NAME
        return self.memory[at : at + self._family.name]

    def control(self, slot: int) -> bytes:
        """The control data with which an answer leaves from the address that was asked."""
        if not self._control:
            return b""
        at = self._controls_at + slot * self._control
        data = self.memory[at : at + self._control]
        return self._by_its_link(data, slot)

    def source(self, slot: int) -> Source:
        return Source(self.name(slot), self.control(slot))

    def _by_its_link(self, data: bytes, slot: int) -> bytes:
        """An address of one link alone means nothing without its interface."""
        family = self._family
        if not data.startswith(family.links, family.own_at):
            return data
        index = self._came_by[4 * slot : 4 * slot + 4]
        return data[: family.index_at] + index + data[family.index_at + 4 :]

    # What is answered --------------------------------------------------------------------------

    def answer(self, slot: int, octets: bytes) -> None:
        """Answer one datagram: the octets take its place."""
        size = len(octets)
        if size > NEAR + _ANSWER:
            self.unsent += 1
            return
        self.sizes[slot] = size
        start = self.starts[slot]
        if size > NEAR:
            room = self._rooms[slot]
            self.memory[room : room + size - NEAR] = octets[NEAR:]
            self._large.append(slot)
            size, octets = NEAR, octets[:NEAR]
        self.memory[start : start + size] = octets

    def send(self, descriptor: int) -> bool:
        """Send all answers; one that the kernel refuses is counted, the rest goes on.

        :returns: False if the socket's buffer is full: :meth:`go_on` once it is not.
        """
        sizes = self.sizes
        count = len(sizes)
        if not any(sizes):
            return True
        self._here[:count] = memoryview(array("L", sizes))
        self._there[:count] = self._nothing[:count]
        if self._large:
            self._spread()
        if 0 in sizes:
            count = self._close_up(sizes)
        self._next, self._end, self._again = 0, count, -1
        return self.go_on(descriptor)

    def _spread(self) -> None:
        """Have the large answers sent from both of their places."""
        for slot in self._large:
            self._here[slot], self._there[slot] = NEAR, self.sizes[slot] - NEAR
        self._large.clear()

    def _close_up(self, sizes: list[int]) -> int:
        """Move the messages that have an answer together.  :returns: how many these are."""
        memory, count = self.memory, 0
        for slot, size in enumerate(sizes):
            if size:
                if slot != count:
                    here, there = slot * MESSAGE, count * MESSAGE
                    memory[there : there + MESSAGE] = memory[here : here + MESSAGE]
                count += 1
        return count

    def go_on(self, descriptor: int) -> bool:
        """Send the answers that are left, as :meth:`send` does."""
        while self._next < self._end:
            first = self._base + self._next * MESSAGE
            count: int = self._send(descriptor, first, self._end - self._next, _DONTWAIT)
            if count > 0:
                self._next += count
                self.sent += count
                continue
            code = ctypes.get_errno()
            if code == errno.EAGAIN:
                return False
            if code != errno.EINTR:
                self._refused(code)
        return True

    def drop(self) -> None:
        """Give up the answers that are left."""
        self.unsent += self._end - self._next
        self._next = self._end

    def _refused(self, code: int) -> None:
        """One answer cannot go as it is: without its own address, or once more, or not at all."""
        if code in NO_ORIGIN and self._change_origin():
            return
        if code == errno.ECONNREFUSED and self._again != self._next:
            self._again = self._next  # that was the error of an earlier one
            return
        self.unsent += 1
        self._next += 1

    def _change_origin(self) -> bool:
        """Let the next answer leave by its link, or from what address the kernel likes: what was asked
        may have been every machine's (a broadcast).  :returns: whether that changed anything.
        """
        at = self._next * MESSAGE + layout.CONTROL_LENGTH
        if self.memory[at : at + layout.SIZE] == bytes(layout.SIZE):
            return False
        if self._again != self._next:
            self._again = self._next
            place = self.memory[at - layout.SIZE : at]  # where its control data is
            slot = (int.from_bytes(place, _ORDER) - self._base - self._controls_at) // self._control
            here = self._controls_at + slot * self._control
            data = self.memory[here : here + self._control]
            if (by_link := self._by_its_link(data, slot)) != data:
                self.memory[here : here + self._control] = by_link
                return True
        self.memory[at : at + layout.SIZE] = bytes(layout.SIZE)
        return True
