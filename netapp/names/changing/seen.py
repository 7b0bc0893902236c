"""What readers see of all zones, put together from what was touched: a change costs what it changes."""

from collections.abc import Iterable, Mapping

from netapp.names.changing.held import Held
from netapp.names.layered import copied
from netapp.names.zone import Zone


class Seen:
    """The zones that are served, and those of which nothing may be said.

    :param held: all there are; whoever changes one of them says so with :meth:`touch`.
    :ivar zones: by their origins; nothing in it changes.
    :ivar expired: origins of zones that are too old, or of which nothing has come yet.
    """

    def __init__(self, held: Mapping[bytes, Held]) -> None:
        self._held = held
        self._touched: set[bytes] = set()
        self.zones: Mapping[bytes, Zone] = {}
        self.expired: frozenset[bytes] = frozenset()

    def touch(self, origins: Iterable[bytes]) -> None:
        """Something has become of these."""
        self._touched.update(origins)

    def renew(self) -> frozenset[bytes]:
        """Look again at what was touched.  :returns: those."""
        touched, self._touched = frozenset(self._touched), set()
        now = {origin: held for origin in touched if (held := self._held.get(origin)) is not None}
        served = {origin: held.served for origin, held in now.items() if held.served is not None}
        if any(self.zones.get(origin) is not served.get(origin) for origin in touched):
            zones = copied(self.zones)
            for origin in touched - served.keys():
                zones.pop(origin, None)
            zones.update(served)
            self.zones = zones
        silent = {origin for origin, held in now.items() if held.expired or held.served is None}
        if silent != touched & self.expired:
            self.expired = self.expired - touched | silent
        return touched
