"""What an operator can say of the login service."""

from dataclasses import dataclass
from typing import Any, Literal

from netapp.core.settings import ServiceConfig

DEFAULTS = ("tcp:9999",)
PLUGIN = "netapp-login"

Policy = Literal["basic", "nist"]


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    add_command: str = "netapp user add zhao --admin"  # what the log tells when nobody has an account
    ssh: tuple[str, ...] = ()  # descriptions of the other doors, none of them open unless given
    http: tuple[str, ...] = ()
    ldap: tuple[str, ...] = ()
    ldap_base: str = "dc=netapp"  # the distinguished name above all entries
    password_policy: Policy | None = None  # None: the one that is stored
    shell: bool = True  # False: a login is the end of the talk, as T11's server has it
    auth: tuple[Any, ...] = ()  # ICredentialsChecker of directories elsewhere, asked after ours
