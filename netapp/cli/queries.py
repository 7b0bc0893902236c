"""DNS questions, their answers and zones, as ``netapp dns`` shows them."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import click
import dns.exception
import dns.rdatatype
import dns.resolver

from netapp.cli import common
from netapp.cli.dig import asjson, fetching, names, words
from netapp.cli.dig.asking import Answer, Asker, Manner
from netapp.cli.dig.messages import Question, Record
from netapp.cli.dig.transfer import Mark
from netapp.core.languages import Phrases
from netapp.dns.message import NOERROR
from netapp.errors import ConfigError

if TYPE_CHECKING:
    from netapp.cli.dig.show import Page
    from netapp.dns.tsig.keys import Key

PHRASES: Final = Phrases(
    {
        "type": ("没有 {kind} 这种记录类型", "there is no record type {kind}"),
        "nxdomain": ("域名 {name} 不存在", "there is no name {name}"),
        "empty": ("{name} 没有 {kind} 记录", "{name} has no {kind} record"),
        "referral": (
            "{where} 不管 {name},请问 {servers}",
            "{where} does not keep {name}: ask {servers}",
        ),
        "rcode": ("{where} 对 {name} 的回答是 {rcode}", "{where} answers {rcode} to {name}"),
        "resolver": ("找不到本机的域名服务器", "this machine names no name server"),
        "whole": (
            "{zone} 序列号 {serial}:{records} 条记录,{messages} 个消息,{octets} 字节,{seconds:.2f} 秒",
            "{zone} serial {serial}: {records} records in {messages} messages, {octets} octets,"
            " {seconds:.2f} s",
        ),
        "changes": (
            "{zone} 到序列号 {serial} 的变化:{records} 条记录,{messages} 个消息,"
            "{octets} 字节,{seconds:.2f} 秒",
            "{zone} changes to serial {serial}: {records} records, {messages} messages,"
            " {octets} octets, {seconds:.2f} s",
        ),
        "current": ("{zone} 没有更新的版本:序列号 {serial}", "{zone} has nothing newer: serial {serial}"),
    }
)  # fmt: skip
say: Final = common.words(PHRASES)

Form = Literal["plain", "short", "json", "full"]
_A, _NS, _PTR = 1, 2, 12


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for.

    :param kind: a record type's name; None for A, or PTR for an address.
    :param reverse: every name is an address.
    :param key: as ``--key`` has it.
    :param axfr: the zone.
    :param ixfr: what has changed in it since this serial.
    """

    kind: str | None = None
    form: Form = "plain"
    tcp: bool = False
    dnssec: bool = False
    reverse: bool = False
    key: str | None = None
    axfr: bool = False
    ixfr: int | None = None


class Queries:
    """Asks one server.  :param server: by default the first of this machine's own."""

    def __init__(self, server: common.HostPort | None, wanted: Wanted) -> None:
        self._wanted = wanted
        self._kind = _type(wanted.kind) if wanted.kind is not None else None
        self._server = server or _system_server()
        self._manner = Manner(wanted.tcp, wanted.dnssec, _key(wanted.key))
        self._page: Page | None = None
        try:
            self._asker = Asker(self._server, self._manner)
        except (OSError, UnicodeError) as error:
            common.fail(common.trouble(common.as_system(error), common.shown(self._server)))

    def ask(self, name: str) -> bool:
        """Show what answers a name, or its zone.  :returns: whether there is something."""
        try:
            qname, is_address = names.asked(name, reverse=self._wanted.reverse)
        except names.NoName as error:
            common.complain(str(error))
            return False
        if self._wanted.axfr or self._wanted.ixfr is not None:
            return self._transfer(qname, self._wanted.ixfr)
        kind = self._kind if self._kind is not None else _PTR if is_address else _A
        found = self._asker.ask(Question(qname, kind))
        match self._wanted.form:
            case "json":
                asjson.show(asjson.answer(name, found))
            case "full":
                self._shown().answer(found)
            case _:
                self._write(name, found)
        return bool(found.message.answer) and found.message.rcode == NOERROR

    def _transfer(self, zone: bytes, serial: int | None) -> bool:
        """Show a zone, or what has changed since a serial."""
        fetched = fetching.fetch(self._server, self._manner, zone, serial, self._shower())
        kind = "current" if not fetched.records else "changes" if fetched.changes else "whole"
        if self._wanted.form == "json":
            asjson.show({"transfer": names.written(zone), **vars(fetched)})
        else:
            common.note(say(kind, zone=names.written(zone), **vars(fetched)))
        return True

    def _shower(self) -> fetching.Show:
        form = self._wanted.form
        if form == "full":
            return self._shown().records

        def show(taken: fetching.Taken) -> None:
            if taken:
                lines = (_written(form, mark, record) for mark, record in taken)
                common.write("\n".join(lines), keep="\n\t")

        return show

    def _write(self, name: str, found: Answer) -> None:
        """The records alone, and on standard error why there are none."""
        message, kind = found.message, words.type_name(found.question.qtype)
        where = common.shown(self._server)
        if message.rcode == 3:
            common.complain(say("nxdomain", name=name))
        elif message.rcode != NOERROR:
            common.complain(say("rcode", where=where, name=name, rcode=words.rcode_name(message.rcode)))
        elif words.is_referral(message):
            servers = " ".join(each.data for each in message.authority if each.rdtype == _NS)
            common.complain(say("referral", where=where, name=name, servers=servers))
        elif not message.answer:
            common.complain(say("empty", name=name, kind=kind))
        for record in message.answer:
            common.write(record.data if self._wanted.form == "short" else _line(record))

    def _shown(self) -> "Page":
        if self._page is None:
            from netapp.cli.dig.show import Page

            self._page = Page()
        return self._page


def form(*, short: bool, as_json: bool, full: bool) -> Form:
    """How answers are shown: for people on a terminal, records alone in a pipe."""
    if as_json:
        return "json"
    if short:
        return "short"
    return "full" if full or sys.stdout.isatty() else "plain"


def _written(form: Form, mark: Mark, record: Record) -> str:
    """A zone's record on one line."""
    if form == "json":
        return asjson.line(asjson.record(record) | ({"change": mark} if mark else {}))
    return mark + (record.data if form == "short" else _line(record))


def _line(record: Record) -> str:
    fields = (names.written(record.owner), str(record.ttl), words.class_name(record.rdclass))
    return "\t".join((*fields, words.type_name(record.rdtype), record.data))


def _type(kind: str) -> int:
    try:
        return int(dns.rdatatype.from_text(kind))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        raise click.UsageError(say("type", kind=kind)) from None


def _key(given: str | None) -> "Key | None":
    if given is None:
        return None
    from netapp.dns.tsig.keys import parse_key

    try:
        return parse_key(given)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None


def _system_server() -> common.HostPort:
    try:
        resolver = dns.resolver.Resolver()
    except dns.exception.DNSException:
        common.fail(say("resolver"))
    return str(resolver.nameservers[0]), resolver.port
