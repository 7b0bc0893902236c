"""What is to be told of a zone that is held."""

from dataclasses import dataclass

from netapp.names.changing.held import Held


@dataclass(frozen=True, slots=True)
class ZoneStatus:
    """What is to be told of one zone."""

    origin: bytes
    serial: int | None  # None: nothing has come from its primary yet
    names: int
    source: str  # "file" or "primary"
    expired: bool
    updates: int  # changes since the start
    #: Whether the zone holds what its file does not.
    journal: bool
    #: Why its file is not taken in as it is; "" where it is.
    fault: str = ""

    @classmethod
    def of(cls, held: Held, fault: str) -> "ZoneStatus":
        zone = held.served
        return cls(
            held.origin,
            zone.serial if zone is not None else None,
            len(zone) if zone is not None else 0,
            "primary" if held.secondary else "file",
            held.expired,
            held.updates,
            zone is not held.file and not held.secondary,
            fault,
        )
