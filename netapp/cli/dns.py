"""``netapp dns``: a name's address, from this machine, a name server, or T4's datagram (T5, T31)."""

from collections.abc import Callable, Iterator
from typing import Final

import click

from netapp.cli import common, lookups
from netapp.cli.console import Console
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "ask": ("请输入域名(直接回车结束): ", "name (empty ends): "),
        "no server": ("--plain 和 --tcp 要和 --server 一起用", "--plain and --tcp need --server"),
        "no name": ("请写出要查询的域名", "write a name to ask for"),
    }
)
say: Final = common.words(PHRASES)

EPILOG = """\b
Examples:
  netapp dns                                          this host's own names and addresses
  netapp dns www.example.com
  netapp dns www.baidu.com --server 127.0.0.1:8080
  netapp dns --plain --server 127.0.0.1:8080          asks for names until an empty one
  netapp dns example.com --type MX --server 192.168.1.1 --short"""


@click.command(epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--type", "kind", metavar="TYPE", help="Record type, such as AAAA, MX, TXT (A).")
@click.option(
    "--server", type=common.Place(53), metavar="HOST:PORT", help="The name server; by default the system's."
)
@click.option("--plain", is_flag=True, help="Ask by the tutorials' datagram: just the name.")
@click.option("--tcp", is_flag=True, help="Ask over TCP.")
@click.option("--short", is_flag=True, help="Show the answers' data only.")
def dns(
    names: tuple[str, ...],
    kind: str | None,
    server: common.HostPort | None,
    plain: bool,
    tcp: bool,
    short: bool,
) -> None:
    """Ask for a name's address.

    Without --server this machine's own resolver answers, as for every program on it; without a NAME
    it shows this host's own names and addresses.  The exit status is 1 if a name has no answer.
    """
    if server is None and (plain or tcp):
        raise click.UsageError(say("no server"))
    if not names and server is None and kind is None:
        lookups.own_names()
        return
    ask = _asker(kind, server, plain=plain, tcp=tcp, short=short)
    asked = [ask(name) for name in names or _typed_names()]
    click.get_current_context().exit(0 if all(asked) else 1)


def _asker(
    kind: str | None, server: common.HostPort | None, *, plain: bool, tcp: bool, short: bool
) -> Callable[[str], bool]:
    """What shows one name's answer and says whether there was one."""
    if server is None and kind is None:
        return lambda name: lookups.by_system(name, short=short)
    if server is not None and plain:
        return lookups.Plain(server, tcp=tcp).ask
    from netapp.cli.queries import Queries

    return Queries(server, kind or "A", tcp=tcp, short=short).ask


def _typed_names() -> Iterator[str]:
    """Names from standard input, until an empty one."""
    console = Console()
    while True:
        if console.interactive:
            common.write(say("ask"), newline=False)
        line = console.line()
        if line is None or not line.strip():
            if console.interactive and line is None:
                common.write("")
            return
        yield line.strip()
