"""``netapp tcp``: the network debugging assistant, as a client and as a server (T6, T16, T26, T27)."""

from typing import Any

import click

from netapp.cli import common
from netapp.cli.assistant import options, streams
from netapp.cli.assistant.conversation import Conversation
from netapp.cli.console import Form
from netapp.core import limits

EPILOG = """\b
Examples:
  netapp tcp 127.0.0.1:8888                     each line typed is a message
  netapp tcp 127.0.0.1:8888 --send 你好 --encoding gbk
  netapp tcp --listen 7777 --send 'OK!'         answers every message
  netapp tcp 127.0.0.1:8888 --hex --send '01 02 ff' --every 1
  netapp tcp --listen 7777 --save talk.pcap     Wireshark opens it"""


@click.command(epilog=EPILOG)
@click.argument("place", type=common.Place(), required=False, metavar="[HOST:PORT]")
@click.option(
    "--listen", type=common.Place(anywhere=True), metavar="PORT", help="Be the server, at [ADDRESS:]PORT."
)
@options.frame_option
@click.option("--newline", is_flag=True, help="Send a line feed after what is typed.")
@options.message_options
def tcp(
    place: common.HostPort | None,
    listen: common.HostPort | None,
    frame: bool,
    newline: bool,
    as_hex: bool,
    encoding: Any,
    **given: Any,
) -> None:
    """Send and show text or hex over TCP.

    One line is one message, sent without its newline.  --send and a pipe end after the last answer;
    the exit status is 1 if none came.  A server answers who spoke last.  At a terminal the line can
    be edited, and /help lists commands: encodings, hex, files, repeating, saving.
    """
    options.one_place(place=place, listen=listen)
    form = Form(encoding=encoding, hex=as_hex, framed=frame, newline=newline)
    plan = options.plan(form, given)
    console = options.console_for(plan, "tcp")
    if listen is not None:
        with streams.listener(listen) as listening:
            status = Conversation(streams.StreamListener(listening, form), plan, console).run()
    else:
        assert place is not None
        with common.connect(place, timeout=limits.COMMAND_CONNECT) as connection:
            status = Conversation(streams.StreamClient(connection, form), plan, console).run()
    click.get_current_context().exit(status)
