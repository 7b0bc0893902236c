"""What an operator can say of the datagram chat."""

from dataclasses import dataclass

from netapp.core.access import Network
from netapp.core.languages import Lang
from netapp.core.text import Encoding

DEFAULTS = ("udp:9999",)
IPMSG_DEFAULT = "udp:2425"
PLUGIN = "netapp-udpchat"


@dataclass(frozen=True, kw_only=True)
class Config:
    listen: tuple[str, ...] = ()  # descriptions; empty for the defaults
    interface: str | None = None  # address of the defaults; None for all of both families
    allow: tuple[Network, ...] = ()
    lang: Lang = "zh"
    encoding: Encoding = "auto"
    ipmsg: str = ""  # a description, "none", or empty for the default
    announce: bool = False  # broadcast that this station is there
    operator: bool = False  # a person answers plain datagrams
    ack: str = "已收到"  # what a plain datagram gets when nobody says anything; "" for nothing
