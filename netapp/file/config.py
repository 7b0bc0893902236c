"""What an operator can say of the file service."""

from dataclasses import dataclass

from netapp.core.access import Network
from netapp.core.languages import Lang
from netapp.core.text import Encoding

DEFAULTS = ("tcp:7878",)
PLUGIN = "netapp-file"


@dataclass(frozen=True, kw_only=True)
class Config:
    listen: tuple[str, ...] = ()  # descriptions; empty for the defaults
    interface: str | None = None  # address of the defaults; None for all of both families
    allow: tuple[Network, ...] = ()
    lang: Lang = "zh"
    encoding: Encoding = "auto"
    # The folder (--root) belongs to the noun: tap.py opens it.
