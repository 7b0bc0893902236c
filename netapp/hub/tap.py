"""``twistd netapp``: the command line of the whole house, nothing else."""

import getopt
from typing import Any, ClassVar

from twisted.application.service import IService

from netapp.core.config import SharedOptions, repeated
from netapp.core.running import Shared, alone
from netapp.errors import ConfigError
from netapp.hub.config import PLUGIN, SERVICES, chosen
from netapp.hub.service import hub_service, tap_of
from netapp.hub.welcome import Welcome


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
        "twistd -n netapp --tutorial",
        "twistd -n netapp --tutorial --operator --interface 0.0.0.0",
    )
    optFlags: ClassVar[list[list[Any]]] = [
        ["tutorial", None, "Answer each of the tutorials' programs instead; shows what to change in them."],
        ["operator", None, "With --tutorial: you type the answers where a program's peer is a person."],
    ]
    opt_only = repeated("only", f"Run this service and no other: {', '.join(SERVICES)}; repeatable.")
    opt_without = repeated("without", "Run all but this service; repeatable.")

    def _cure(self, cause: BaseException | None) -> str:
        """Name the service whose option it is."""
        key = cause.opt if isinstance(cause, getopt.GetoptError) else ""
        owners = [name for name in SERVICES if key and key in tap_of(name).Options().known_keys()]
        if not owners or key in self.known_keys():
            return super()._cure(cause)
        where = " or ".join(f"[{name}]" for name in owners)
        return f"; write {key} = ... under {where} in the configuration file, or start netapp-{owners[0]}"

    @property
    def chooses(self) -> bool:
        """Whether the command line itself says which services run."""
        return any(word.startswith(("--only", "--without")) for word in self._arguments)


def part(options: Options, shared: Shared) -> IService:
    """The services that the options leave, as one."""
    only, without = options.get("only", ()), options.get("without", ())
    if options["operator"] and not options["tutorial"]:
        raise ConfigError("--operator goes with --tutorial; netapp-echo and netapp-udpchat have their own")
    if options["tutorial"]:
        if options.chooses:
            raise ConfigError("--tutorial runs what its table lists: leave --only and --without out")
        return tutorial_part(options, shared)
    names = chosen(only, without)
    house = hub_service(names, options.passed_on, shared)
    return Welcome(options, shared, shared.opened("people") if "login" in names else None).greet(house)


def tutorial_part(options: Options, shared: Shared) -> IService:
    """The responders of the tutorials' programs, which explain what they see."""
    from netapp.hub.tutorial.service import tutorial_service

    if "explain" in options.known_keys():
        options["explain"] = True
    return tutorial_service(options, shared, operator=bool(options["operator"]))


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
