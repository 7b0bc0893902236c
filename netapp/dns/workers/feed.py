"""From the names that a worker has to the newest ones, in pieces; and how they are put together there."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from netapp.core import limits
from netapp.dns.workers.wire import Values, pack
from netapp.names.changing.changes import Change
from netapp.names.layered import copied
from netapp.names.lookup.denial import prepare
from netapp.names.model import Node, RecordSet
from netapp.names.snapshot import Snapshot
from netapp.names.zone import Draft, Zone

#: Origin and serial to the changes from there to now, None if they are not known.
History = Callable[[bytes, int], tuple[Change, ...] | None]
# The kinds of frames.
GONE, BEGIN, WHOLE, STEP, LITTLE, USE = "gone", "begin", "whole", "step", "little", "use"
#: Octets that a name, and each record, takes beside what it holds.
_EACH: Final = 24


class Feed:
    """What one worker is told of names.

    :param history: of the zones as they are now.
    :ivar heavy: whether what was begun last takes a worker long.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._has = Snapshot({}, 0)
        self._broken: set[bytes] = set()
        self._touched: set[bytes] | None = None  # since it was told names; None: it has none yet
        self.heavy = False

    def follow(self, touched: Iterable[bytes], origins: Iterable[bytes]) -> None:
        """There is a newer snapshot; to be said of each.

        :param touched: as :meth:`netapp.names.snapshot.Snapshot.touched_since` has it.
        :param origins: these have become others, but not step by step: see :func:`broken`.
        """
        if self._touched is not None:
            self._touched.update(touched)
        self._broken.update(origins)

    def pieces(self, snapshot: Snapshot) -> Iterator[bytes]:
        """Frames that have the worker answer from this snapshot; all of them must go to it."""
        has, self._has = self._has, snapshot
        broken, self._broken = self._broken, set()
        touched, self._touched = self._touched, set()
        if touched is None:
            touched = {*has.zones, *snapshot.zones}
        gone = [origin for origin in touched if origin in has.zones and origin not in snapshot.zones]
        steps: list[tuple[Zone, set[bytes]]] = []
        wholes: list[Zone] = []
        for origin in touched:
            zone, old = snapshot.zones.get(origin), has.zones.get(origin)
            if zone is None or old is zone:
                continue
            changes = None if old is None or origin in broken else self._history(origin, old.serial)
            if changes:
                steps.append((zone, {owner for change in changes for owner in change.owners()}))
            else:
                wholes.append(zone)
        self.heavy = sum(map(len, wholes)) > limits.WORKER_HEAVY
        return self._written(has, snapshot, gone, steps, wholes)

    @staticmethod
    def _written(
        has: Snapshot,
        snapshot: Snapshot,
        gone: list[bytes],
        steps: list[tuple[Zone, set[bytes]]],
        wholes: list[Zone],
    ) -> Iterator[bytes]:
        if gone:
            yield pack(GONE, gone)
        if snapshot.nodes is not has.nodes:
            yield from _pieces(LITTLE, b"", _differing(has.nodes, snapshot.nodes))
        for zone, owners in steps:
            yield from _pieces(STEP, zone.origin, ((owner, zone.nodes.get(owner, ())) for owner in owners))
        for zone in wholes:
            yield pack(BEGIN, zone.origin)
            yield from _pieces(WHOLE, zone.origin, zone.nodes.items())
        yield pack(USE, snapshot.version, list(snapshot.expired))


def _differing(before: Mapping[bytes, Node], now: Mapping[bytes, Node]) -> Iterator[tuple[bytes, Node]]:
    come = ((owner, node) for owner, node in now.items() if before.get(owner) != node)
    return chain(come, ((owner, ()) for owner in before if owner not in now))


def _pieces(kind: str, origin: bytes, nodes: Iterable[tuple[bytes, Node]]) -> Iterator[bytes]:
    some: list[Values] = []
    size = 0
    for owner, node in nodes:
        some.append((owner, tuple((each.rdtype, each.ttl, each.rdatas, each.signatures) for each in node)))
        size += _EACH + len(owner)
        for each in node:
            size += sum(map(len, each.rdatas)) + sum(map(len, each.signatures)) + _EACH * len(each.rdatas)
        if size >= limits.WORKER_PIECE:
            yield pack(kind, origin, some)
            some, size = [], 0
    if some:
        yield pack(kind, origin, some)


def broken(before: Snapshot, now: Snapshot, history: History) -> list[bytes]:
    """Zones that have not become what they are step by step; to be told for each new snapshot.

    A zone may go and come again with the serial that it had, and with a history that has that
    serial in it, but of something else.
    """
    return [
        origin
        for origin in now.touched_since(before)
        if (zone := before.zones.get(origin)) is not None
        and (newer := now.zones.get(origin)) is not zone
        and (newer is None or not history(origin, zone.serial))
    ]


class Copy:
    """A worker's names.

    A zone grows while its pieces come, so that no moment of it takes long; it is seen when all are
    there.

    :ivar snapshot: what it answers from.
    """

    def __init__(self) -> None:
        self.snapshot = Snapshot({}, 0)
        self._gone: list[bytes] = []
        self._drafts: dict[bytes, Draft] = {}
        self._steps: dict[bytes, dict[bytes, Node]] = {}
        self._little: dict[bytes, Node] = {}
        self.kinds: Final[dict[str, Callable[..., object]]] = {
            GONE: self._gone.extend,
            BEGIN: self._begin,
            WHOLE: self._whole,
            STEP: self._step,
            LITTLE: self._take_little,
        }

    def use(self, version: int, expired: list[bytes]) -> Snapshot:
        """Take what has come as the names of now."""
        old = self.snapshot
        zones = old.zones
        touched = {*self._gone, *self._steps, *self._drafts}
        if touched:
            made = copied(zones)
            for origin in self._gone:
                made.pop(origin, None)
            made.update({origin: made[origin].with_nodes(nodes) for origin, nodes in self._steps.items()})
            made.update({origin: prepare(draft.zone()) for origin, draft in self._drafts.items()})
            zones = made
        silent = old.expired ^ frozenset(expired)
        nodes = old.nodes
        if self._little:
            nodes = {owner: node for owner, node in {**nodes, **self._little}.items() if node}
        self.snapshot = Snapshot(
            nodes, version, zones, frozenset(expired) if silent else old.expired, old, silent | touched
        )
        self._gone.clear()
        self._drafts, self._steps, self._little = {}, {}, {}
        return self.snapshot

    def _begin(self, origin: bytes) -> None:
        self._drafts[origin] = Draft(origin, {origin: ()}, {}, {})

    def _whole(self, origin: bytes, some: list[Values]) -> None:
        draft = self._drafts[origin]
        for owner, sets in some:
            draft.put(owner, _node(owner, sets))

    def _step(self, origin: bytes, some: list[Values]) -> None:
        self._steps.setdefault(origin, {}).update((owner, _node(owner, sets)) for owner, sets in some)

    def _take_little(self, origin: bytes, some: list[Values]) -> None:
        self._little.update((owner, _node(owner, sets)) for owner, sets in some)


def _node(owner: bytes, sets: tuple[Values, ...]) -> Node:
    return tuple(RecordSet(owner, *each) for each in sets)
