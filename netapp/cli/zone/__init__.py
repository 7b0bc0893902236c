"""``netapp zone``: zone files before they are served, and zones that are.

Nothing here imports DNS before a command runs.
"""

import click

from netapp.cli.zone import check, dump, key, listing

__all__ = ["zone"]


@click.group(epilog="Example:  netapp zone check example.com.zone")
def zone() -> None:
    """Check zone files, and see the zones that are served."""


for _command in (check.check, listing.list_, listing.show, dump.dump, key.key):
    zone.add_command(_command)
