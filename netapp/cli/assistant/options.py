"""The options that ``netapp tcp`` and ``netapp udp`` have in common, and what they mean."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from netapp.cli import common
from netapp.cli.assistant.plan import Payload, Plan
from netapp.cli.console import Console, Form, NotHex
from netapp.core.languages import Phrases
from netapp.core.terminal.here import usable
from netapp.core.terminal.layout import SHOWS
from netapp.core.text import Tongue

Function = TypeVar("Function", bound=Callable[..., Any])

PHRASES: Final = Phrases(
    {
        "one payload": ("--send 和 --file 只能选一个", "give --send or --file, not both"),
        "every what": ("--every 要和 --send 或 --file 一起用", "--every needs --send or --file"),
        "menu": ("--menu 不能和 --save、--show 一起用", "--menu goes neither with --save nor with --show"),
        "one place": ("请写一个:{choices}", "give one of {choices}"),
    }
)
say: Final = common.words(PHRASES)


def message_options(function: Function) -> Function:
    """``--send``, ``--file``, ``--every``, ``--wait``, ``--hex``, ``--show``, ``--save``, ``--encoding``."""
    for option in (
        common.encoding_option,
        click.option(
            "--save",
            type=click.Path(readable=False, path_type=Path),
            metavar="FILE",
            help="Save the talk: as packets for Wireshark if FILE ends in .pcap, else as text.",
        ),
        click.option(
            "--show", type=click.Choice(SHOWS), help="How messages are shown; at a terminal both, else text."
        ),
        click.option("--hex", "as_hex", is_flag=True, help="Type, send and show hex: 48 65 6c 6c 6f."),
        click.option(
            "--wait",
            type=click.FloatRange(0),
            metavar="SECONDS",
            help="How long to wait for an answer (2; 0 expects none); a listener: for a first message.",
        ),
        click.option(
            "--every", type=click.FloatRange(0.01), metavar="SECONDS", help="Send it again and again."
        ),
        click.option(
            "--file",
            type=click.Path(readable=False, path_type=Path),  # what is wrong with it is said by us
            metavar="FILE",
            help="Send a file's octets as one message.",
        ),
        click.option("--send", metavar="TEXT", help="Send one message; a listener answers each with it."),
    ):
        function = option(function)
    return function


def frame_option(function: Function) -> Function:
    """``--frame``."""
    return click.option(
        "--frame", is_flag=True, help="Each message behind its length: 4 octets, little-endian."
    )(function)


def plan(form: Form, given: dict[str, Any]) -> Plan:
    """What :func:`message_options` has read.  It fails, in one line, where options contradict."""
    send, file = given["send"], given["file"]
    if send is not None and file is not None:
        raise click.UsageError(say("one payload"))
    if given["every"] is not None and send is None and file is None:
        raise click.UsageError(say("every what"))
    return Plan(
        form,
        payload=_payload(form, send, file),
        every=given["every"],
        wait=given["wait"],
        show=given["show"],
        save=given["save"],
    )


def console_for(what: Plan, name: str) -> Console | None:
    """Standard input, unless the command line says all that is to be sent.

    It is made before we connect, since it takes time, in which messages would run together.

    :param name: of the history that the arrow keys bring back.
    """
    if what.payload is not None:
        return None
    if usable(os.environ):
        from netapp.cli.assistant.person import Person  # which brings prompt_toolkit

        return Person(name, what.form, what.show)
    return Console()


def one_place(**places: object) -> None:
    """Exactly one of the places to talk to must be given."""
    if sum(bool(place) for place in places.values()) != 1:
        names = {"place": "HOST:PORT", "listen": "--listen PORT", "menu": "--menu"}
        raise click.UsageError(say("one place", choices=", ".join(names[name] for name in places)))


def _payload(form: Form, send: str | None, file: Path | None) -> Payload | None:
    if file is not None:
        try:
            octets = file.read_bytes()
        except OSError as error:
            common.fail(common.trouble(error, file))
        return lambda tongue: octets
    if send is None:
        return None
    try:
        form.octets(send, Tongue("auto"))
    except NotHex as error:
        common.fail(str(error))
    return lambda tongue: form.octets(send, tongue)
