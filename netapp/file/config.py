"""What an operator can say of the file service."""

from dataclasses import dataclass

from netapp.core.settings import ServiceConfig

DEFAULTS = ("tcp:7878",)
PLUGIN = "netapp-file"


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """The folder (--root) belongs to the noun: tap.py opens it."""
