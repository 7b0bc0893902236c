"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

#: A state directory.  Whether it may be used is for the command to say, with the cure.
STATE: Final = click.Path(readable=False, path_type=Path)


def state_option(function: Function) -> Function:
    """``--state``, the same on every command that changes what is kept."""
    return click.option(
        "--state",
        type=STATE,
        help="The services' state directory.  [$NETAPP_STATE, else netapp in the XDG state home]",
    )(function)
