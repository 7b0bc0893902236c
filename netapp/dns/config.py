"""What an operator can say of the name service."""

from dataclasses import dataclass
from pathlib import Path

from netapp.core import limits, text
from netapp.core.settings import ServiceConfig
from netapp.errors import ConfigError

DEFAULTS = ("udp:8080", "tcp:8080")
PLUGIN = "netapp-dns"


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    unknown: str = "i dont know"  # the plain answer for a name that we do not have
    allow_transfer: tuple[str, ...] = ()  # NETWORK[#KEY] of who may have whole zones; nobody
    allow_update: tuple[str, ...] = ()  # and of who may change them
    allow_notify: tuple[str, ...] = ()  # and whose NOTIFY is heard, beside the primaries'
    primary: tuple[str, ...] = ()  # ORIGIN@HOST[:PORT][#KEY] that zones come from
    notify: tuple[str, ...] = ()  # HOST[:PORT][#KEY] that are told when a zone changes
    state: Path | None = None  # the state directory; None keeps nothing

    rate_limit: int | None = limits.RRL_RATE  # answers of a kind to a network in a second; None for no limit
    rate_limit_local: bool = False  # private networks too
    query_log: str | None = None  # a file's path
    query_log_sample: int = 1  # one question in so many
    nsid: str = ""  # what this server calls itself when it is asked (RFC 5001); nothing
    server_version: str = ""  # and what it says for its version; nothing
    workers: int = 1  # processes that answer datagrams; one is this process alone

    def __post_init__(self) -> None:
        """:raises ConfigError: ``unknown`` is nothing that can be told from silence or from DNS."""
        for option, said in (("nsid", self.nsid), ("server-version", self.server_version)):
            if len(said.encode("utf-8", "replace")) > limits.DNS_IDENTITY or not said.isprintable():
                raise ConfigError(f"--{option}: write at most {limits.DNS_IDENTITY} octets, on one line")
        if not self.unknown.strip() or not self.unknown.isprintable():
            raise ConfigError(f"--unknown {text.visible(self.unknown)!r}: write some words, on one line")
        if len(self.unknown.encode("utf-8", "replace")) > limits.PLAIN_ANSWER:
            raise ConfigError(f"--unknown: write at most {limits.PLAIN_ANSWER} octets")
