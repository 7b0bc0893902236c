"""``twistd netapp-login``: the command line of the login service, nothing else."""

import os
import shlex

from twisted.application.service import IService

from netapp.core.config import ServiceOptions
from netapp.core.running import Shared, alone
from netapp.core.state import default_state
from netapp.login.config import PLUGIN, Config
from netapp.login.service import login_service
from netapp.people import open_people


class Options(ServiceOptions):
    table = "login"
    longdesc = "Asks for a name and a password, and says whether they are right."
    examples = (
        "twistd -n netapp-login",
        "twistd -n netapp-login --listen tcp:9999:interface=127.0.0.1 --lang en",
    )


def config_from(options: Options) -> Config:
    command = "netapp user add zhao"
    if options.state_path != default_state(os.environ):
        command += f" --state {shlex.quote(str(options.state_path))}"
    return Config(**options.shared(), add_command=command)


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""
    config = config_from(options)
    people = shared.noun("people", lambda: open_people(options.state_path, shared.reactor))
    return login_service(config, people, shared.metrics, shared.reactor, shared.page)


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
