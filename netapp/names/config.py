"""What an operator can say of names."""

from dataclasses import dataclass

from netapp.names.model import Record


@dataclass(frozen=True, kw_only=True)
class Config:
    records: tuple[Record, ...] = ()  # these beat all others of their names
    hosts: tuple[str, ...] = ()  # paths of hosts files; a name belongs to the first that has it
    zone: tuple[str, ...] = ()  # [ORIGIN=]FILE each: master files
    zones: tuple[str, ...] = ()  # folders of master files, each named after its origin
