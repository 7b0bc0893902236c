"""What an operator can say of the login service."""

from dataclasses import dataclass

from netapp.core.settings import ServiceConfig

DEFAULTS = ("tcp:9999",)
PLUGIN = "netapp-login"


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    add_command: str = "netapp user add zhao"  # what the log tells who has no account yet
