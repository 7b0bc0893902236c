"""What a worker is to know of the configuration, as plain values."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from netapp.core.access import network
from netapp.dns.config import Config

#: Options by their names in :class:`Config`; what else there is concerns the starter alone.
_OPTIONS: Final = (
    "unknown", "encoding", "nsid", "server_version", "rate_limit", "rate_limit_local", "query_log_sample",
)  # fmt: skip


def settings(
    config: Config,
    secrets: Sequence[bytes],
    own: Iterable[int],
    workers: int,
    sockets: int,
    log: Path | None = None,
) -> dict[str, Any]:
    """What a worker is told first.

    A limit holds for all workers together; each of them sees its part of a network's questions.

    :param secrets: of cookies.
    :param own: ports that are never answered.
    :param sockets: how many it reads.
    :param log: the query log, absolute: it begins where this process has gone since.
    """
    options: dict[str, Any] = {each: getattr(config, each) for each in _OPTIONS}
    if config.rate_limit is not None:
        options["rate_limit"] = -(-config.rate_limit // workers)
    options["query_log"] = str(log) if log is not None else None
    return {
        "options": options,
        "allow": list(map(str, config.allow)),
        "secrets": list(secrets),
        "own": list(own),
        "sockets": sockets,
    }


def config_of(told: dict[str, Any]) -> Config:
    """The worker's side of :func:`settings`."""
    return Config(**told["options"], allow=tuple(map(network, told["allow"])))
