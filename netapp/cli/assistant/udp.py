"""``netapp udp``: datagrams typed and shown (T1-T3, T15, T20-T22, T24, T30)."""

from typing import Any

import click

from netapp.cli import common
from netapp.cli.assistant import datagrams, options
from netapp.cli.assistant.conversation import Conversation
from netapp.cli.console import Form

EPILOG = """\b
Examples:
  netapp udp 127.0.0.1:8888                  each line typed is a datagram, an empty one too
  netapp udp 127.0.0.1:8080 --from 7890 --send 你好
  netapp udp --listen 8888                   shows what comes; a line answers who spoke last
  netapp udp --menu --from 8080              1 sends, 2 receives, anything else quits"""


@click.command(epilog=EPILOG)
@click.argument("place", type=common.Place(), required=False, metavar="[HOST:PORT]")
@click.option(
    "--listen", type=common.Place(anywhere=True), metavar="PORT", help="Be the server, at [ADDRESS:]PORT."
)
@click.option("--menu", is_flag=True, help="Be driven by numbers: 1 send, 2 receive, else quit.")
@click.option(
    "--from",
    "own",
    type=common.Place(anywhere=True),
    metavar="PORT",
    help="Our own port, or ADDRESS:PORT; any by default.",
)
@options.frame_option
@options.message_options
def udp(
    place: common.HostPort | None,
    listen: common.HostPort | None,
    menu: bool,
    own: common.HostPort | None,
    frame: bool,
    as_hex: bool,
    encoding: Any,
    **given: Any,
) -> None:
    """Send and show datagrams.

    One line is one datagram.  --send and a pipe end after the last answer; a datagram without one
    is sent again, three times in all, and the exit status is 1 if none came.  In a talk, typing
    quit leaves; receiving quit, Q or 您已断开连接! ends it.  At a terminal the line can be edited, and
    /help lists commands: encodings, hex, files, repeating, saving.
    """
    form = Form(encoding=encoding, hex=as_hex, framed=frame)
    plan = options.plan(form, given)
    if menu:
        from netapp.cli.assistant.menu import run

        options.one_place(listen=listen or menu)
        if plan.save is not None or plan.show is not None:
            raise click.UsageError(options.say("menu"))
        run(place, listen or own or ("", 0), plan)
        return
    options.one_place(place=place, listen=listen, menu=menu)
    console, peer = options.console_for(plan, "udp"), None
    if listen is not None:
        sock = datagrams.bound(listen)
    else:
        assert place is not None
        sock, peer = datagrams.opened(place, form, own=own or ("", 0))
    with sock:
        wire = datagrams.Datagrams(sock, form, peer=peer, talk=plan.payload is None)
        status = Conversation(wire, plan, console).run()
    click.get_current_context().exit(status)
