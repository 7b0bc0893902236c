"""``netapp dns``: a name's address, from this machine, a name server, or T4's datagram (T5, T31)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from netapp.cli import common, lookups
from netapp.cli.console import Console
from netapp.core.languages import Phrases
from netapp.names.naming import BadName, wire_name

PHRASES: Final = Phrases(
    {
        "ask": ("请输入域名(直接回车结束): ", "name (empty ends): "),
        "no server": ("--plain 和 --tcp 要和 --server 一起用", "--plain and --tcp need --server"),
        "both": ("{one} 和 {other} 不能一起用", "{one} and {other} do not go together"),
        "empty": ("有一个域名是空的", "a name is empty"),
    }
)
say: Final = common.words(PHRASES)

EPILOG = """\b
Examples:
  netapp dns                                          this host's own names and addresses
  netapp dns www.example.com
  netapp dns www.baidu.com --server 127.0.0.1:8080
  netapp dns --plain --server 127.0.0.1:8080          asks for names until an empty one
  netapp dns example.com --type MX --server 192.168.1.1 --short
  netapp dns 192.168.1.9 --server 192.168.1.1         an address's name
  netapp dns example.com --axfr --server 192.168.1.1 --key hmac-sha256:laptop:@laptop.key"""


@click.command(epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--type", "kind", metavar="TYPE", help="Record type, such as AAAA, MX, TXT (A).")
@click.option(
    "--server", type=common.Place(53), metavar="HOST[:PORT]", help="The name server; by default the system's."
)
@click.option("--plain", is_flag=True, help="Ask by the tutorials' datagram: just the name.")
@click.option("--tcp", is_flag=True, help="Ask over TCP.")
@click.option(
    "-x", "reverse", is_flag=True, help="Ask for the names of addresses; an address alone does it too."
)
@click.option("--dnssec", is_flag=True, help="Ask for signatures too (DO), and show them in words.")
@click.option("--axfr", is_flag=True, help="Show the whole zone, by transfer.")
@click.option(
    "--ixfr",
    type=click.IntRange(0, 2**32 - 1),
    metavar="SERIAL",
    help="Show what has changed in the zone since this serial.",
)
@click.option(
    "--key", metavar="ALGORITHM:NAME:SECRET", help="Sign by this key (TSIG); :@FILE reads the secret."
)
@click.option("--short", is_flag=True, help="Show the answers' data only.")
@click.option(
    "--full", is_flag=True, help="Show in a pipe too what a terminal shows: all sections, flags, EDNS."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a name; a transfer: one a record.")
def dns(names: tuple[str, ...], server: common.HostPort | None, **given: Any) -> None:
    """Ask for a name's address.

    Without --server this machine's own resolver answers, as for every program on it; without a NAME
    it shows this host's own names and addresses.  With --server, or with what only a name server can
    tell, one is asked by DNS: a terminal shows all that it says, a pipe the records.  The exit status
    is 1 if a name has no answer.
    """
    by_dns = [option for option, name in _BY_DNS.items() if given[name] not in (None, False)]
    names, server = _server_apart(names, server)
    _see_that_they_agree(by_dns, given)
    _see_that_they_are_names(names, given)
    if server is None and (given["plain"] or given["tcp"]):
        raise click.UsageError(say("no server"))
    if not names and server is None and not by_dns:
        lookups.own_names()
        return
    ask = _asker(server, given, by_dns=bool(by_dns))
    asked = [ask(name) for name in names or _typed_names()]
    click.get_current_context().exit(0 if all(asked) else 1)


#: Options that only a query by DNS can have, and their parameters.
_BY_DNS: Final = {
    "--type": "kind",
    "-x": "reverse",
    "--dnssec": "dnssec",
    "--axfr": "axfr",
    "--ixfr": "ixfr",
    "--key": "key",
    "--full": "full",
    "--json": "as_json",
}


def _see_that_they_agree(by_dns: Sequence[str], given: Mapping[str, Any]) -> None:
    """:raises click.UsageError: two options contradict each other."""
    there = {*by_dns, *(option for option in ("--plain", "--short") if given[option[2:]])}
    for one, others in _CONTRARY.items():
        for other in others:
            if {one, other} <= there:
                raise click.UsageError(say("both", one=one, other=other))


def _server_apart(
    names: tuple[str, ...], server: common.HostPort | None
) -> tuple[tuple[str, ...], common.HostPort | None]:
    """The names, and the server: ``@HOST`` among the names is one too, as dig has it."""
    servers = [name for name in names if name.startswith("@")]
    if not servers:
        return names, server
    if server is not None or len(servers) > 1:
        other = servers[1] if len(servers) > 1 else "--server"
        raise click.UsageError(say("both", one=servers[0], other=other))
    place = servers[0][1:]
    if place.count(":") > 1 and not place.startswith("["):
        place = f"[{place}]"
    found = common.Place(53).convert(place, None, click.get_current_context())
    return tuple(name for name in names if name != servers[0]), found


def _see_that_they_are_names(names: Sequence[str], given: Mapping[str, Any]) -> None:
    """:raises click.UsageError: one is none; nothing is asked then."""
    if not all(name.strip() for name in names):
        raise click.UsageError(say("empty"))
    if given["plain"] or (not given["reverse"] and all(map(_is_usual, names))):
        return
    from netapp.cli.dig.names import NoName, asked

    for name in names:
        try:
            asked(name, reverse=given["reverse"])
        except NoName as error:
            raise click.UsageError(str(error)) from None


def _is_usual(name: str) -> bool:
    """Whether it is a name for certain: most are, and dnspython need not be loaded to see it."""
    try:
        wire_name(name)
    except BadName:
        return False
    return True


#: What does not go together.
_CONTRARY: Final = {
    "--plain": tuple(_BY_DNS),
    "--axfr": ("--ixfr", "--type", "--dnssec", "-x"),
    "--ixfr": ("--type", "--dnssec", "-x"),
    "--json": ("--short", "--full"),
    "--short": ("--full",),
}


def _asker(
    server: common.HostPort | None, given: Mapping[str, Any], *, by_dns: bool
) -> Callable[[str], bool]:
    """What shows one name's answer and says whether there was one."""
    if server is None and not by_dns:
        return lambda name: lookups.by_system(name, short=given["short"])
    if server is not None and given["plain"]:
        return lookups.Plain(server, tcp=given["tcp"]).ask
    from netapp.cli.queries import Queries, Wanted, form

    return Queries(
        server,
        Wanted(
            kind=given["kind"],
            form=form(short=given["short"], as_json=given["as_json"], full=given["full"]),
            tcp=given["tcp"],
            dnssec=given["dnssec"],
            reverse=given["reverse"],
            key=given["key"],
            axfr=given["axfr"],
            ixfr=given["ixfr"],
        ),
    ).ask


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
