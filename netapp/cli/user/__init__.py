"""``netapp user``: the accounts of a state directory, while its services run or not.

:mod:`base` has the transaction that every command is, :mod:`table` what lists look like; the other
modules have the commands.  Nothing here imports a database before a command runs.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from netapp.cli.user import (
    accounts,
    audit,
    factors,
    invitations,
    keys,
    listing,
    roster,
    sessions,
    settings,
    states,
    transfer,
    tune,
)

__all__ = ["user"]

#: What ``--help`` puts together.
SECTIONS: Final[Mapping[str, Sequence[click.Command]]] = {
    "Accounts": (
        accounts.add,
        accounts.passwd,
        listing.list_,
        listing.show,
        accounts.role,
        accounts.rename,
        accounts.group,
        accounts.groups,
        accounts.remove,
    ),
    "Letting in and keeping out": (states.disable, states.enable, states.lock, states.unlock),
    "Codes": (invitations.invite, invitations.invitations, invitations.withdraw, roster.import_),
    "Sessions and what else opens doors": (
        sessions.sessions,
        sessions.revoke,
        keys.keys,
        keys.key,
        factors.totp_reset,
        factors.app_password,
    ),
    "All accounts": (audit.audit, settings.policy, settings.pepper, tune.tune, transfer.export),
}
#: The first sentence is shown whole, however many lines it takes.
_WHOLE: Final = 1000


class Sections(click.Group):
    """A group whose help has its commands under headings."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(each.name or "", each.get_short_help_str(_WHOLE)) for each in commands])


@click.group(cls=Sections, epilog="Example:  netapp user add zhao --admin")
def user() -> None:
    """Add, change and list accounts.

    Services that run see a change at once.
    """


for _commands in SECTIONS.values():
    for _command in _commands:
        user.add_command(_command)
