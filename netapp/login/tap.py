"""``twistd netapp-login``: the command line of the login service, nothing else."""

import os
import shlex
from typing import Any, ClassVar

from twisted.application.service import IService
from twisted.cred import strcred
from twisted.cred.credentials import IUsernamePassword

from netapp.core.config import ServiceOptions, one_of, repeated
from netapp.core.running import Shared, alone
from netapp.core.state import default_state
from netapp.login.config import PLUGIN, Config
from netapp.login.service import login_service
from netapp.people import open_people


class Options(ServiceOptions, strcred.AuthOptionMixin):
    table = "login"
    supportedInterfaces = (IUsernamePassword,)
    longdesc = (
        "Asks for a name and a password, says whether they are right, and lets people look after their "
        "accounts; other programs may ask it too, by HTTP and LDAP."
    )
    examples = (
        "twistd -n netapp-login",
        "twistd -n netapp-login --listen tcp:9999:interface=127.0.0.1 --lang en",
        "twistd -n netapp-login --ssh tcp:2022 --http tcp:8081 --ldap tcp:3890",
    )
    optParameters: ClassVar[list[list[Any]]] = [
        ["ldap-base", None, Config.ldap_base, "Distinguished name above all that LDAP shows."],
        ["password-policy", None, None, "Rule for new passwords, whatever is stored: basic or nist.",
         one_of("basic", "nist")],
    ]  # fmt: skip
    opt_ssh = repeated("ssh", "What to listen on for SSH; repeatable.")
    opt_http = repeated("http", "What to listen on for proxies that verify by HTTP; repeatable.")
    opt_ldap = repeated("ldap", "What to listen on for LDAP; repeatable.")

    def opt_auth(self, description: str) -> None:
        """Ask another of cred's checkers after ours: TYPE[:ARGUMENT], see --help-auth; repeatable."""
        super().opt_auth(description)


def config_from(options: Options) -> Config:
    """:raises ConfigError: an option's value that cannot be."""
    command = "netapp user add zhao --admin"
    if options.state_path != default_state(os.environ):
        command += f" --state {shlex.quote(str(options.state_path))}"
    return Config(
        **options.shared(),
        add_command=command,
        ssh=options.get("ssh", ()),
        http=options.get("http", ()),
        ldap=options.get("ldap", ()),
        ldap_base=options["ldap-base"],
        password_policy=options["password-policy"],
        auth=tuple(options.get("credCheckers", ())),
    )


def part(options: Options, shared: Shared) -> IService:
    """The service as a part of a process: this plugin's, or the hub's."""
    config = config_from(options)
    people = shared.noun(
        "people", lambda: open_people(options.state_path, shared.reactor, status=shared.status)
    )
    return login_service(
        config,
        people,
        shared.metrics,
        shared.reactor,
        shared.page,
        state=options.state_path,
        user=shared.user,
        status=shared.status,
    )


def makeService(options: Options) -> IService:
    return alone(PLUGIN, options, part)
