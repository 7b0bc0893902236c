"""What an operator can say of the chat service."""

from dataclasses import dataclass

from netapp.core.access import Network
from netapp.core.languages import Lang
from netapp.core.text import Encoding

DEFAULTS = ("tcp:7777",)
IRC_DEFAULT = "tcp:6667"
PLUGIN = "netapp-chat"


@dataclass(frozen=True, kw_only=True)
class Config:
    listen: tuple[str, ...] = ()  # descriptions for the line chat; empty for the default
    irc: str | None = None  # a description; None for the default, "none" for no IRC
    interface: str | None = None  # address of the defaults; None for all of both families
    allow: tuple[Network, ...] = ()
    lang: Lang = "zh"
    encoding: Encoding = "auto"
    flood: bool = True  # hold back who says too much at once
