"""What an operator can say of the echo service."""

from dataclasses import dataclass

from netapp.core.settings import ServiceConfig

DEFAULTS = ("tcp:8888", "udp:8888")
PLUGIN = "netapp-echo"


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    reply: str = "{data}"  # fields: see netapp.echo.session.FIELDS
    once: bool = False  # answer one chunk, then close
    operator: bool = False  # a person answers
