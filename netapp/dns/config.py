"""What an operator can say of the name service."""

from dataclasses import dataclass

from netapp.core import limits, text
from netapp.core.access import Network
from netapp.core.languages import Lang
from netapp.core.text import Encoding
from netapp.errors import ConfigError

DEFAULTS = ("udp:8080", "tcp:8080")
PLUGIN = "netapp-dns"


@dataclass(frozen=True, kw_only=True)
class Config:
    listen: tuple[str, ...] = ()  # descriptions; empty for the defaults
    interface: str | None = None  # address of the defaults; None for all of both families
    allow: tuple[Network, ...] = ()
    lang: Lang = "zh"
    encoding: Encoding = "auto"
    unknown: str = "i dont know"  # the plain answer for a name that we do not have

    def __post_init__(self) -> None:
        """:raises ConfigError: ``unknown`` is nothing that can be told from silence or from DNS."""
        if not self.unknown.strip() or not self.unknown.isprintable():
            raise ConfigError(f"--unknown {text.visible(self.unknown)!r}: write some words, on one line")
        if len(self.unknown.encode("utf-8", "replace")) > limits.PLAIN_ANSWER:
            raise ConfigError(f"--unknown: write at most {limits.PLAIN_ANSWER} octets")
