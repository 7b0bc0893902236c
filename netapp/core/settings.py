"""What an operator can say of every service that listens; a service's ``Config`` adds its own."""

from dataclasses import dataclass

from netapp.core.access import Network
from netapp.core.languages import Lang
from netapp.core.text import Encoding


@dataclass(frozen=True, kw_only=True)
class ServiceConfig:
    listen: tuple[str, ...] = ()  # descriptions; empty for the defaults
    interface: str | None = None  # address of the defaults; None for all of both families
    allow: tuple[Network, ...] = ()  # networks that may speak to us, beside the local ones
    proxy: tuple[Network, ...] = ()  # proxies believed on who their client is; none for this machine's PROXY
    lang: Lang = "zh"
    encoding: Encoding = "auto"
