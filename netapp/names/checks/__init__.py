"""What is wrong with a zone's master file, as ``netapp zone check`` says it.

Errors are what keeps a zone from being loaded; warnings are what it would be served with and others
would stumble over.  :mod:`delegation` looks at NS and where names end, :mod:`data` at what single
records say, :mod:`signed` at DNSSEC.

Source: RFC 1034 and 1912, RFC 2181, RFC 4034 and 4035, RFC 5155, RFC 9276; what ``named-checkzone`` tells.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netapp.core import limits
from netapp.names import master
from netapp.names.checks import data, delegation, signed
from netapp.names.checks.finding import Finding
from netapp.names.zone import Zone

__all__ = ["Checked", "Finding", "check"]

_LOOKS: Final[tuple[Callable[[Zone, float], Iterator[Finding]], ...]] = (
    delegation.findings,
    data.findings,
    signed.findings,
)


@dataclass(frozen=True)
class Checked:
    """What a check has found; ``zone`` is None where there are errors."""

    zone: Zone | None
    records: int
    errors: tuple[master.Fault, ...]
    warnings: tuple[Finding, ...]


def check(path: Path, origin: bytes | None, where: str, now: float) -> Checked:
    """Check a master file.

    :param origin: folded wire name; None: as the file says.
    :param where: the file's name in what is said.
    :param now: seconds since 1970, for signatures.
    """
    try:
        read = master.read_zone(path, origin, where)
    except master.Unreadable as error:
        return Checked(None, 0, error.faults, ())
    found = list(_bounded(each for look in _LOOKS for each in look(read.zone, now)))
    found += _bounded(_uneven(path, read.zone, where))
    return Checked(read.zone, read.records, (), tuple(_placed(found, path, read.zone, where)))


def _bounded(found: Iterable[Finding]) -> Iterator[Finding]:
    """The first of each kind; a zone of a million names may have a million of one."""
    count: Counter[str] = Counter()
    for each in found:
        count[each.key] += 1
        if count[each.key] <= limits.ZONE_WARNINGS:
            yield each
    for key, many in count.items():
        if many > limits.ZONE_WARNINGS:
            yield Finding("more", None, fields={"key": key, "count": many - limits.ZONE_WARNINGS})


def _uneven(path: Path, zone: Zone, where: str) -> Iterator[Finding]:
    """Records of one set whose TTLs differ: RFC 2181 section 5.2."""
    reader = master.Reader(path, zone.origin, where)
    for record in reader.records():
        for each in zone.nodes.get(record.owner, ()):
            if each.rdtype == record.rdtype and each.ttl != record.ttl:
                fields: dict[str, object] = {"ttl": record.ttl, "lowest": each.ttl}
                yield Finding("ttls differ", record.owner, record.rdtype, fields, None, reader.place)


def _placed(found: list[Finding], path: Path, zone: Zone, where: str) -> Iterator[Finding]:
    """The findings with the lines where their owners have records of that type, in their order."""
    wanted = {(each.owner, each.rdtype, each.rdata) for each in found if not each.place[1]}
    places: dict[tuple[bytes | None, int | None, bytes | None], tuple[str, int]] = {}
    if wanted:
        reader = master.Reader(path, zone.origin, where)
        for record in reader.records():
            owner, rdtype, rdata = record.owner, record.rdtype, record.rdata
            for key in ((owner, rdtype, rdata), (owner, rdtype, None), (owner, None, None)):
                if key in wanted:
                    places.setdefault(key, reader.place)
    lined = [
        each if each.place[1] else each.at(places.get((each.owner, each.rdtype, each.rdata), (where, 0)))
        for each in found
    ]
    return iter(sorted(lined, key=lambda each: (each.place[1] == 0, each.place)))
