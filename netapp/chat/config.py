"""What an operator can say of the chat service."""

from dataclasses import dataclass

from netapp.core.settings import ServiceConfig

DEFAULTS = ("tcp:7777",)
IRC_DEFAULT = "tcp:6667"
PLUGIN = "netapp-chat"


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """``listen`` is the line chat's."""

    irc: str | None = None  # a description; None for the default, "none" for no IRC
    flood: bool = True  # hold back who says too much at once
