"""``twistd netapp-dns``: the command line of the name service, nothing else."""

from functools import partial
from typing import Any, ClassVar

from twisted.application.service import IService
from twisted.logger import Logger

from netapp.core import limits
from netapp.core.config import ServiceOptions, repeated
from netapp.core.platform import shares_ports
from netapp.core.running import Shared, alone
from netapp.core.services import Part
from netapp.core.state import acting_as
from netapp.dns.config import PLUGIN, Config
from netapp.dns.ratelimit import parse_rate
from netapp.dns.service import dns_service
from netapp.dns.tsig.keys import Keyring, keyring_of
from netapp.names.config import Config as NamesConfig
from netapp.names.opening import open_names
from netapp.names.sources.declared import parse_record
from netapp.names.store import Names
from netapp.names.telling.door import ZonesDoor
from netapp.names.telling.rows import rows, told

_log = Logger()


def _sample(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= limits.QUERY_LOG_SAMPLE):
        raise ValueError(f"write a number, 1 to {limits.QUERY_LOG_SAMPLE}")
    return int(value)


def _workers(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) <= limits.WORKERS):
        raise ValueError(f"write a number, 1 to {limits.WORKERS}")
    return int(value)


class Options(ServiceOptions):
    table = "dns"
    reread = frozenset({"record", "zone", "zones", "key"})
    longdesc = "Names: a name as plain text or as DNS, on the same port, gets its address."
    examples = (
        "twistd -n netapp-dns",
        "twistd -n netapp-dns --record www.baidu.com=192.168.1.2 --hosts /etc/hosts",
        "twistd -n netapp-dns --listen udp:53 --listen tcp:53 --zone example.org=example.org.zone",
        "twistd -n netapp-dns --zones /etc/zones --key hmac-sha256:laptop:@laptop.key"
        " --allow-update 192.168.1.0/24#laptop --allow-transfer 192.168.1.2 --notify 192.168.1.2",
        "twistd -n netapp-dns --primary example.org@192.168.1.1 --listen udp:53 --listen tcp:53",
    )
    opt_record = repeated("record", "NAME=ADDRESS: a name we have; A or AAAA by its address; repeatable.")
    opt_hosts = repeated("hosts", "A hosts file, read again on SIGHUP; repeatable.")
    opt_zone = repeated(
        "zone", "[ORIGIN=]FILE: a zone's master file, read again when it changes; repeatable."
    )
    opt_zones = repeated("zones", "A folder of master files, each named after its origin; repeatable.")
    opt_key = repeated(
        "key",
        "ALGORITHM:NAME:SECRET in base64: a key that signs (TSIG); with :@FILE instead of the secret no"
        " list of processes shows it; repeatable, read again on SIGHUP.",
    )
    opt_allow_transfer = repeated(
        "allow-transfer", "NETWORK[#KEY] of those who may have whole zones; repeatable."
    )
    opt_allow_update = repeated("allow-update", "NETWORK[#KEY] of those who may change zones; repeatable.")
    opt_primary = repeated(
        "primary", "ORIGIN@HOST[:PORT][#KEY]: a zone that comes from another server; repeatable."
    )
    opt_allow_notify = repeated(
        "allow-notify",
        "NETWORK[#KEY] of those who may say that a zone of --primary has changed, beside its primaries;"
        " repeatable.",
    )
    opt_notify = repeated(
        "notify", "HOST[:PORT][#KEY] of a server that is told when a zone changes; repeatable."
    )
    optParameters: ClassVar[list[list[Any]]] = [
        ["unknown", None, Config.unknown, "The plain answer for a name that we do not have."],
        [
            "rate-limit",
            None,
            None,
            "Answers of a kind that a public network gets in a second by datagrams, or off; all:N for private"
            f" networks too.  [{limits.RRL_RATE}]",
            parse_rate,
        ],
        ["query-log", None, None, "A file of what is asked, a JSON object a line; begun anew on SIGHUP."],
        ["query-log-sample", None, Config.query_log_sample, "Write one question in so many.", _sample],
        ["nsid", None, Config.nsid, "What this server is called, for whoever asks (NSID, CH id.server)."],
        [
            "workers",
            None,
            Config.workers,
            "Answer datagrams in so many processes at the same port, under this one, which starts a dead one"
            " again and tells them of changes; 1 answers by itself.",
            _workers,
        ],
        ["server-version", None, Config.server_version, "What CH version.bind is told; refused without it."],
    ]

    @property
    def secret_shown(self) -> bool:
        """Whether the command line itself holds a key's secret, where every list of processes shows it."""
        secrets = [key for key in self.get("key", ()) if ":@" not in key]
        return any(word.endswith(key) for word in self._arguments for key in secrets)


def config_from(options: Options) -> Config:
    rate_limit, rate_limit_local = options["rate-limit"] or (limits.RRL_RATE, False)
    return Config(
        **options.shared(),
        unknown=options["unknown"],
        rate_limit=rate_limit,
        rate_limit_local=rate_limit_local,
        query_log=options["query-log"],
        query_log_sample=options["query-log-sample"],
        nsid=options["nsid"],
        server_version=options["server-version"],
        workers=workers_from(options),
        allow_transfer=options.get("allow-transfer", ()),
        allow_update=options.get("allow-update", ()),
        allow_notify=options.get("allow-notify", ()),
        primary=options.get("primary", ()),
        notify=options.get("notify", ()),
        state=options.state_path,
    )


def workers_from(options: Options) -> int:
    """How many processes answer; the log says why, where that is not what was wanted."""
    wanted: int = options["workers"]
    if wanted > 1 and options["explain"]:
        _log.warn("netapp-dns: --workers {wanted}: with --explain one process answers all", wanted=wanted)
        return 1
    if wanted > 1 and not shares_ports():
        _log.warn(
            "netapp-dns: --workers {wanted}: this system cannot divide a port among processes; one answers"
            " all",
            wanted=wanted,
        )
        return 1
    return wanted


def keyring_from(options: Options) -> Keyring:
    """The keys that the options name and the state directory keeps; a reload takes them as they are then."""
    if options.secret_shown:
        _log.warn("netapp-dns: the command line shows a key's secret: write --key ALGORITHM:NAME:@FILE")
    begun = False

    def given() -> tuple[str, ...]:
        nonlocal begun
        now, begun = options.again() if begun else options, True
        keys: tuple[str, ...] = now.get("key", ())
        return keys

    return keyring_of(given, options.state_path)


def names_config_from(options: Options) -> NamesConfig:
    return NamesConfig(
        records=tuple(map(parse_record, options.get("record", ()))),
        hosts=options.get("hosts", ()),
        zone=options.get("zone", ()),
        zones=options.get("zones", ()),
    )


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""

    def opened() -> Names:
        config = names_config_from(options)
        names = open_names(
            config,
            shared.reactor,
            lambda: names_config_from(options.again()),
            state=options.state_path,
            writes=bool(options.get("allow-update") or options.get("primary")),
        )
        shared.hangup.add("names", names.reload)
        return names

    config = config_from(options)
    names = shared.noun("names", opened)
    door = ZonesDoor(options.state_path, partial(rows, names), shared.reactor)
    shared.status.add("more", "zones of files", lambda: told(names, door.name))
    shared.status.add("faults", "names", names.faults)
    Part(door.start, door.stop).setServiceParent(shared.nouns)
    keyring = keyring_from(options)
    shared.hangup.add("keys", keyring.reload)
    with acting_as(shared.user):  # the query log's, who will begin it anew
        return dns_service(
            config,
            names,
            shared.own_ports,
            shared.metrics,
            shared.reactor,
            shared.page,
            keyring,
            shared.hangup,
            shared.status,
        )


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
