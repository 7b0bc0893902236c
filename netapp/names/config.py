"""What an operator can say of names."""

import os
from dataclasses import dataclass

from netapp.core import text
from netapp.names.model import Record


@dataclass(frozen=True, kw_only=True)
class Config:
    records: tuple[Record, ...] = ()  # these beat all others of their names
    hosts: tuple[str, ...] = ()  # paths of hosts files; a name belongs to the first that has it
    zone: tuple[str, ...] = ()  # [ORIGIN=]FILE each: master files
    zones: tuple[str, ...] = ()  # folders of master files, each named after its origin


def origin_and_file(value: str) -> tuple[str, str]:
    """``[ORIGIN=]FILE`` taken apart, unless it is a file's name; the origin is "" where there is none."""
    origin, equals, path = value.partition("=")
    if not equals or os.path.exists(value):
        return "", value
    return text.decode(os.fsencode(origin))[0], path  # a terminal may speak GBK
