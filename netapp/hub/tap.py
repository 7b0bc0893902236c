"""``twistd netapp``: the command line of the whole house, nothing else."""

from twisted.application.service import IService

from netapp.core.config import SharedOptions, repeated
from netapp.core.running import Shared, alone
from netapp.hub.config import PLUGIN, SERVICES, chosen
from netapp.hub.service import hub_service


class Options(SharedOptions):
    table = "netapp"
    longdesc = (
        "Runs all services of a local network in one process; each service's own options stand in its "
        "table of the configuration file."
    )
    examples = (
        "twistd -n netapp",
        "twistd -n netapp --without chat --interface 127.0.0.1",
        "twistd -n netapp --config netapp.toml",
    )
    opt_only = repeated("only", f"Run this service and no other: {', '.join(SERVICES)}; repeatable.")
    opt_without = repeated("without", "Run all but this service; repeatable.")


def part(options: Options, shared: Shared) -> IService:
    """The services that the options leave, as one."""
    names = chosen(options.get("only", ()), options.get("without", ()))
    return hub_service(names, options.passed_on, shared)


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
