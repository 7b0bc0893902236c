"""``twistd netapp-dns``: the command line of the name service, nothing else."""

from typing import Any, ClassVar

from twisted.application.service import IService

from netapp.core.config import ServiceOptions, repeated
from netapp.core.running import Shared, alone
from netapp.dns.config import PLUGIN, Config
from netapp.dns.service import dns_service
from netapp.names.config import Config as NamesConfig
from netapp.names.sources import parse_record
from netapp.names.store import Names, open_names


class Options(ServiceOptions):
    table = "dns"
    longdesc = "Names: a name as plain text or as DNS, on the same port, gets its address."
    examples = (
        "twistd -n netapp-dns",
        "twistd -n netapp-dns --record www.baidu.com=192.168.1.2 --hosts /etc/hosts",
        "twistd -n netapp-dns --listen udp:53 --listen tcp:53 --record printer.lan=192.168.1.9",
    )
    opt_record = repeated("record", "NAME=ADDRESS: a name we have; A or AAAA by its address; repeatable.")
    opt_hosts = repeated("hosts", "A hosts file, read again on SIGHUP; repeatable.")
    optParameters: ClassVar[list[list[Any]]] = [
        ["unknown", None, Config.unknown, "The plain answer for a name that we do not have."],
    ]


def config_from(options: Options) -> Config:
    return Config(**options.shared(), unknown=options["unknown"])


def names_config_from(options: Options) -> NamesConfig:
    return NamesConfig(
        records=tuple(map(parse_record, options.get("record", ()))), hosts=options.get("hosts", ())
    )


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""

    def opened() -> Names:
        config = names_config_from(options)
        names = open_names(config, shared.reactor, lambda: names_config_from(options.again()))
        shared.hangup.add("names", names.reload)
        return names

    config = config_from(options)
    names = shared.noun("names", opened)
    return dns_service(config, names, shared.own_ports, shared.metrics, shared.reactor, shared.page)


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
