"""What an operator can say of the echo service."""

from dataclasses import dataclass

from netapp.core.access import Network
from netapp.core.languages import Lang
from netapp.core.text import Encoding

DEFAULTS = ("tcp:8888", "udp:8888")
PLUGIN = "netapp-echo"


@dataclass(frozen=True, kw_only=True)
class Config:
    listen: tuple[str, ...] = ()  # descriptions; empty for the defaults
    interface: str | None = None  # address of the defaults; None for all of both families
    allow: tuple[Network, ...] = ()
    lang: Lang = "zh"
    encoding: Encoding = "auto"
    reply: str = "{data}"  # fields: see netapp.echo.session.FIELDS
    once: bool = False  # answer one chunk, then close
    operator: bool = False  # a person answers
