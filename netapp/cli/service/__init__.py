"""``netapp service``: systemd units for what this environment runs.

:mod:`unit` makes their text and knows nothing else, :mod:`files` writes and finds them, :mod:`place`
looks whether a service's user can run the environment, :mod:`commands` is the command line.
"""

import click

from netapp.cli.service import commands

__all__ = ["service"]


@click.group(epilog="Example:  netapp service install --print")
def service() -> None:
    """Start with the machine: units for systemd, with a user of their own."""


for _command in (commands.install, commands.show, commands.remove):
    service.add_command(_command)
