"""What an operator can say of the datagram chat."""

from dataclasses import dataclass

from netapp.core.settings import ServiceConfig

DEFAULTS = ("udp:9999",)
IPMSG_DEFAULT = "udp:2425"
PLUGIN = "netapp-udpchat"
NOTHING = "none"  # instead of a description: this wire is not listened on


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    ipmsg: str = ""  # a description, "none", or empty for the default
    announce: bool = False  # broadcast that this station is there
    operator: bool = False  # a person answers plain datagrams
    ack: str = "已收到"  # what a plain datagram gets when nobody says anything; "" for nothing
