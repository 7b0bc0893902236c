"""The zones of this process: their changes one after another, stored before they are seen."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet import defer
from twisted.logger import Logger
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.errors import Busy, NetappError, Unavailable
from netapp.names.changing.changes import Change
from netapp.names.changing.editing import Edit
from netapp.names.changing.held import Held, Point
from netapp.names.changing.refused import Refused
from netapp.names.changing.seen import Seen
from netapp.names.changing.status import ZoneStatus
from netapp.names.changing.storing import Entry, Keeper, Stored
from netapp.names.changing.writing import Waiter, Writing
from netapp.names.naming import shown
from netapp.names.serial import newer
from netapp.names.zone import BadZone, Zone

Decide = Callable[[Zone], Change | None]


class NoSuchZone(NetappError):
    """We have no such zone, or nothing of it yet."""


@dataclass(frozen=True, slots=True)
class ZoneChanged:
    """Readers see another zone.  ``old_serial`` is None where there was none."""

    origin: bytes
    zone: Zone
    old_serial: int | None


class Zones:
    """Zones by origin.

    :param publish: called whenever readers are to see others, with what has changed; there is
        nothing in it for what has only gone, expired or come back.
    :ivar seen: what they see.
    """

    _log = Logger()

    def __init__(self, keeper: Keeper, publish: Callable[[Sequence[ZoneChanged]], object]) -> None:
        self.keeper, self._publish = keeper, publish
        self._held: dict[bytes, Held] = {}
        self.seen = Seen(self._held)
        self._waiting: dict[bytes, list[Waiter]] = {}
        self._writing: dict[bytes, Writing] | None = None  # one batch at a time; None: the disk is free
        self._refused = Refused()
        self._until_dropped: list[defer.Deferred[None]] = []
        self._count = 0
        self._gathering = False

    # What there is ---------------------------------------------------------------------------------

    def is_primary(self, origin: bytes) -> bool:
        """Whether a zone is changed here, not where it comes from."""
        held = self._held.get(origin)
        return held is not None and not held.secondary

    def secondaries(self) -> frozenset[bytes]:
        return frozenset(origin for origin, held in self._held.items() if held.secondary)

    def files(self) -> dict[bytes, Zone | None]:
        """What the file of each zone held, as far as it is taken in."""
        return {origin: held.file for origin, held in self._held.items()}

    def newest(self, origin: bytes) -> Zone | None:
        """With what is not on the disk yet."""
        held = self._held.get(origin)
        return held.newest if held is not None else None

    def history(self, origin: bytes, since: int) -> tuple[Change, ...] | None:
        held = self._held.get(origin)
        return held.history.since(since) if held is not None else None

    def origins(self) -> list[bytes]:
        return sorted(self._held)

    def status(self, origin: bytes) -> ZoneStatus | None:
        held = self._held.get(origin)
        return ZoneStatus.of(held, self._refused.why(origin)) if held is not None else None

    # What happens to them --------------------------------------------------------------------------

    def add(self, held: Held) -> None:
        """Serve a zone; one that nothing is known of yet is not seen."""
        self._held[held.origin] = held
        self.seen.touch((held.origin,))

    def drop(self, origins: Iterable[bytes]) -> None:
        """Serve these no more; what is stored of them stays where it is, once :meth:`dropped` says so."""
        origins = tuple(origins)
        self._refused.forget(origins)
        for origin in origins:
            del self._held[origin]
            self.seen.touch((origin,))
            for waiter in self._withdraw(origin):
                waiter.errback(NoSuchZone(f"{shown(origin)} is no longer served"))

    def dropped(self) -> "defer.Deferred[None]":
        """Wait until nothing is on its way to the disk of what was dropped: before it is loaded again."""
        done: defer.Deferred[None] = defer.Deferred()
        if any(self._is_dropped(origin, each) for origin, each in (self._writing or {}).items()):
            self._until_dropped.append(done)
        else:
            done.callback(None)
        return done

    def _is_dropped(self, origin: bytes, writing: Writing) -> bool:
        return self._held.get(origin) is not writing.held

    def submit(self, origin: bytes, decide: Decide) -> "defer.Deferred[Zone]":
        """As :meth:`netapp.names.store.Names.submit`."""

        def change(held: Held) -> Entry | None:
            if held.newest is None:
                raise NoSuchZone(f"nothing of {shown(origin)} has come yet")
            decided = decide(held.newest)
            return held.change(decided) if decided is not None else None

        return self._do(origin, change)

    def replace(self, origin: bytes, zone: Zone) -> "defer.Deferred[Zone]":
        return self._do(origin, lambda held: held.replace(zone))

    def edit(
        self, edits: Mapping[bytes, Edit], *, again: bool = False
    ) -> "defer.Deferred[dict[bytes, Zone | None]]":
        """Owners' files have another content: readers see all of it at once, but for what the disk delays.

        :param again: they could not be taken in before, and nobody asks.
        :returns: which could not be taken in: the log says why, and the zone's status.  With each the zone
            that it does not go together with; None where the disk did not take it.
        """
        self._gathering = True
        done = [self._edit(origin, edit, again) for origin, edit in edits.items()]
        self._gathering = False
        self._go_on()
        return defer.gatherResults(done).addCallback(
            lambda ended: {
                origin: against for origin, (taken, against) in zip(edits, ended, strict=True) if not taken
            }
        )

    def _edit(self, origin: bytes, edit: Edit, again: bool) -> "defer.Deferred[tuple[bool, Zone | None]]":
        held, before = self._held.get(origin), self.newest(origin)

        def done(zone: Zone | None) -> tuple[bool, None]:
            self._refused.taken_in(origin)
            if (edit.change is not None or before is None) and zone is not None:
                self._see_serial(edit.file, before, zone)
            return True, None

        def failed(failure: Failure) -> tuple[bool, Zone | None]:
            failure.trap(NetappError)
            if self._held.get(origin) is held is not None:
                self._refused.edit(origin, failure.getErrorMessage(), again=again)
            return False, before if failure.check(BadZone) else None

        return self._do(origin, lambda held: held.edit(edit), bounded=False).addCallbacks(done, failed)

    def _see_serial(self, file: Zone, before: Zone | None, zone: Zone) -> None:
        told = {"zone": shown(zone.origin), "file": file.serial, "served": zone.serial}
        if zone.serial != file.serial:
            self._log.warn("names: {zone}: its file has serial {file}, it is served with {served}", **told)
        elif file.signed and before is not None and not newer(zone.serial, before.serial):
            self._log.warn(
                "names: {zone}: its file is signed with serial {file}, which is not after {before}: it is"
                " served so, and secondaries do not take it: raise the serial and sign it again",
                before=before.serial,
                **told,
            )

    def set_expired(self, origin: bytes, expired: bool) -> None:
        """:raises NoSuchZone: we have no such zone."""
        held = self._held.get(origin)
        if held is None:
            raise NoSuchZone(f"{shown(origin)} is no zone of ours")
        if held.expired != expired:
            held.expired = expired
            self.seen.touch((origin,))
            self._publish(())

    # The way to the disk -----------------------------------------------------------------------------

    def _do(
        self, origin: bytes, change: Callable[[Held], Entry | None], *, bounded: bool = True
    ) -> "defer.Deferred[Zone]":
        held = self._held.get(origin)
        if held is None:
            return defer.fail(NoSuchZone(f"{shown(origin)} is no zone of ours"))
        if bounded and self._count >= limits.ZONE_WAITING:
            return defer.fail(Busy("too many changes wait for the disk"))
        try:
            entry = change(held)
        except Exception:
            return defer.fail()
        done: defer.Deferred[Zone] = defer.Deferred()
        self._count += 1
        self._waiting.setdefault(origin, []).append((entry, done))
        self._go_on()
        return done

    def _go_on(self) -> None:
        """Store all that waits; while that lasts the next gathers."""
        if self._writing is not None or self._gathering or not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        writing = {origin: Writing.of(self._held[origin], each) for origin, each in waiting.items()}
        self._writing = writing
        batch = {origin: each.entries for origin, each in writing.items() if each.entries}
        stored = defer.maybeDeferred(self.keeper.keep, batch) if batch else defer.succeed({})
        stored.addErrback(lambda failure: _all_failed(failure, batch))
        stored.addCallback(self._kept, writing)
        stored.addErrback(lambda failure: self._log.failure("names: a change was stored, then", failure))
        stored.addCallback(self._free)

    def _kept(self, results: Mapping[bytes, Stored], writing: Mapping[bytes, Writing]) -> None:
        changed: list[ZoneChanged] = []
        outcomes: list[tuple[defer.Deferred[Zone], Any]] = []
        self.seen.touch(writing)
        for origin, each in writing.items():
            if self._is_dropped(origin, each):
                continue  # who waited for it was told so
            how = results.get(origin, Stored())
            if how.error is not None:
                self._refused.unstored(origin, str(how.error))
                told = Failure(Unavailable(f"{shown(origin)} cannot be stored: {how.error}"))
                each.held.failed(rebase=how.rebase)
                outcomes += [(waiter, told) for waiter in self._withdraw(origin)]
            else:
                if origin in results:
                    self._refused.stored(origin)
                changed += _settled(each.held, each.point, results.get(origin))
                waiters = each.taken()
                outcomes += [(waiter, each.held.served) for waiter in waiters]
                self._count -= len(waiters)
                self._compact(each.held)
        if changed:
            self._publish(changed)
        for waiter, outcome in outcomes:
            waiter.callback(outcome)  # a Failure goes down the errback chain

    def _free(self, _: object) -> None:
        """The disk is free for what came meanwhile."""
        self._writing = None
        waiting, self._until_dropped = self._until_dropped, []
        for each in waiting:
            each.callback(None)
        self._go_on()

    def _compact(self, held: Held) -> None:
        entry = held.compacted()
        if entry is not None:
            silent: defer.Deferred[Zone] = defer.Deferred()
            silent.addErrback(Failure.trap, Unavailable, NoSuchZone)  # nobody waits for it
            self._count += 1
            self._waiting.setdefault(held.origin, []).insert(0, (entry, silent))

    def _withdraw(self, origin: bytes) -> "list[defer.Deferred[Zone]]":
        """Wait no more for what is on its way for a zone.  :returns: who did."""
        waiters = [waiter for _, waiter in self._waiting.pop(origin, ())]
        if self._writing is not None and origin in self._writing:
            waiters[:0] = self._writing[origin].taken()
        self._count -= len(waiters)
        return waiters


def _settled(held: Held, point: Point, how: Stored | None) -> list[ZoneChanged]:
    before = held.served
    held.stored(point, how)
    if held.served is None or held.served is before:
        return []
    return [ZoneChanged(held.origin, held.served, before.serial if before is not None else None)]


def _all_failed(failure: Failure, batch: Mapping[bytes, Any]) -> dict[bytes, Stored]:
    error = failure.value if isinstance(failure.value, Exception) else Unavailable(failure.getErrorMessage())
    return dict.fromkeys(batch, Stored(error, rebase=True))  # nobody knows what of it is there
