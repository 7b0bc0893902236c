"""An answer for people: its sections in columns, in colours where there are any."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import dns.dnssec
import dns.dnssectypes
from rich.console import Console
from rich.text import Text

from netapp.cli import common
from netapp.cli.dig import words
from netapp.cli.dig.asking import Answer
from netapp.cli.dig.messages import Message, Question, Record
from netapp.cli.dig.names import in_script, written
from netapp.cli.dig.transfer import Mark
from netapp.core.cells import cells, padded
from netapp.core.languages import Phrases
from netapp.core.text import visible, visible_octets
from netapp.dns.message import NOERROR
from netapp.dns.options import COOKIE, EDE, NSID
from netapp.dns.wire import Edns

PHRASES: Final = Phrases(
    {
        "question": ("问题", "question"),
        "answer": ("答案", "answer"),
        "authority": ("授权", "authority"),
        "additional": ("附加", "additional"),
        "flags": ("标志", "flags"),
        "edns": ("EDNS", "EDNS"),
        "error": ("说明", "because"),
        "names": ("名字", "names"),
        "server": ("服务器", "server"),
        "comma": (",", ", "),
        "size": ("数据报最大 {size} 字节", "datagrams of {size} octets at most"),
        "version": ("版本 {version}", "version {version}"),
        "cookie": ("cookie {cookie}", "cookie {cookie}"),
        "nsid": ("服务器标识 {nsid}", "server id {nsid}"),
        "option": ("选项 {code}:{data}", "option {code}: {data}"),
        "took": ("{transport},{time:.2f} 毫秒,{octets} 字节", "{transport}, {time:.2f} ms, {octets} octets"),
        "tries": ("第 {count} 次才有回应", "at try {count}"),
        "cut": ("UDP 的回答被截断,已改用 TCP", "cut over UDP, asked again over TCP"),
        "rrsig": (
            "{covers} 的签名,{algorithm},密钥 {key} {signer},{begin} 至 {end},{state}",
            "signs {covers}, {algorithm}, key {key} of {signer}, {begin} to {end}, {state}",
        ),
        "early": ("尚未生效", "not valid yet"),
        "late": ("已过期", "expired"),
        "valid": ("有效期内", "in its time"),
        "key": ("密钥 {key},{algorithm},{use}", "key {key}, {algorithm}, {use}"),
        "ksk": ("签密钥(KSK)", "signs keys (KSK)"),
        "zsk": ("签记录(ZSK)", "signs records (ZSK)"),
    }
)
say: Final = common.words(PHRASES)

RRSIG, DNSKEY = 46, 48
_SEP: Final = 1  # a flag of DNSKEY: RFC 4034 section 2.1.1
_STYLES: Final = {"answer": "bold", "authority": "", "additional": "dim"}
_MARKS: Final = {"": "", "-": "red", "+": "green"}


class Page:
    """Where answers go.  :param console: wide as it is, coloured as it can be."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _console()
        self._begun = False

    def answer(self, found: Answer) -> None:
        """One answer; a second one stands below an empty line."""
        if self._begun:
            self._print(Text())
        self._begun = True
        for line in answer_lines(found, time.time()):
            self._print(line)

    def records(self, taken: Iterable[tuple[Mark, Record]]) -> None:
        """Records of a zone, one a line, as a zone file has them; a change's begin with + or -."""
        rows = [(mark, _columns(record, record.data)) for mark, record in taken]
        widths = _widths([row for _, row in rows])
        for mark, row in rows:
            self._print(Text(mark, _MARKS[mark]) + _row(row, widths, _MARKS[mark]))

    def _print(self, line: Text) -> None:
        line.rstrip()
        with common.output():
            self._console.print(line, soft_wrap=True)


def _console() -> Console:
    """Standard output; rich alone would leave bold type where NO_COLOR is set."""
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(color_system=colours, highlight=False, markup=False, emoji=False)


def answer_lines(found: Answer, now: float) -> Iterator[Text]:
    """All that there is to say of an answer.  :param now: the time of day, for signatures."""
    message = found.message
    yield Text.assemble(
        (words.rcode_name(message.rcode), f"bold {_colour(message)}"), "  ", (words.meaning(message), "")
    )
    sections = [("question", [_asked(each) for each in message.questions or (found.question,)])]
    for name in _STYLES:
        sections.append((name, [_columns(each, readable(each, now)) for each in getattr(message, name)]))
    if all(row[2] == "IN" for _, rows in sections for row in rows):
        for _, rows in sections:
            for row in rows:
                row[2] = ""
    widths = _widths([row for _, rows in sections for row in rows])
    for name, rows in sections:
        yield from _labelled(say(name), [_row(row, widths, _STYLES.get(name, "")) for row in rows])
    yield from _labelled(say("names"), [Text(each) for each in _in_script(message)])
    if message.edns is not None:
        yield from _labelled(say("error"), [Text(each, "yellow") for each in _errors(message.edns)])
    said = [*words.flags_said(message), *([words.say("signed")] if found.signed else [])]
    shown = " ".join(words.flags(message))
    yield from _labelled(say("flags"), [Text.assemble(shown, "  ", (say("comma").join(said), "dim"))])
    if message.edns is not None:
        yield from _labelled(say("edns"), [Text(say("comma").join(_edns(message.edns)), "dim")])
    yield from _labelled(say("server"), [Text(_taken(found), "dim")])


def readable(record: Record, now: float) -> str:
    """Rdata for people: a signature and a key in words, all else as a zone file has it."""
    rdata: Any = record.parsed
    if type(rdata).__name__ == "RRSIG":
        late, early = now > rdata.expiration, now < rdata.inception
        return say(
            "rrsig",
            covers=words.type_name(rdata.type_covered),
            algorithm=_algorithm(rdata.algorithm),
            key=rdata.key_tag,
            signer=rdata.signer,
            begin=_day(rdata.inception),
            end=_day(rdata.expiration),
            state=say("late" if late else "early" if early else "valid"),
        )
    if type(rdata).__name__ == "DNSKEY":
        use = say("ksk" if rdata.flags & _SEP else "zsk")
        return say("key", key=dns.dnssec.key_id(rdata), algorithm=_algorithm(rdata.algorithm), use=use)
    return record.data


def _algorithm(number: int) -> str:
    return dns.dnssec.algorithm_to_text(dns.dnssectypes.Algorithm.make(number))


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _colour(message: Message) -> str:
    if message.rcode == NOERROR:
        return "green" if message.answer else "yellow"
    return "yellow" if message.rcode == 3 else "red"


def _columns(record: Record, data: str) -> list[str]:
    fields = (written(record.owner), str(record.ttl), words.class_name(record.rdclass))
    return [visible(each) for each in (*fields, words.type_name(record.rdtype), data)]


def _asked(question: Question) -> list[str]:
    kinds = words.class_name(question.qclass), words.type_name(question.qtype)
    return [visible(written(question.qname)), "", *kinds, ""]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max((cells(row[at]) for row in rows), default=0) for at in range(4)]


def _row(row: Sequence[str], widths: Sequence[int], style: str) -> Text:
    text = Text()
    for at, colour in enumerate(("cyan", "dim", "dim", "magenta")):
        if widths[at]:
            text.append(padded(row[at], widths[at]) + "  ", colour)
    return text.append(row[4], style)


def _labelled(label: str, lines: Sequence[Text]) -> Iterator[Text]:
    """Lines behind a label, which the first of them bears."""
    width = 2 + max(cells(say(each)) for each in ("question", "authority", "additional", "server"))
    for number, line in enumerate(lines):
        yield Text.assemble((padded("" if number else label, width), "bold blue"), line)


def _in_script(message: Message) -> Iterator[str]:
    """Names with A-labels, and what they are in their own script."""
    names = [each.qname for each in message.questions]
    names += [each.owner for each in (*message.answer, *message.authority, *message.additional)]
    for name in dict.fromkeys(each.lower() for each in names):
        if (own := in_script(name)) is not None:
            yield visible(f"{written(name)} = {own}")


def _errors(edns: Edns) -> Iterator[str]:
    for code, data in edns.options:
        if code == EDE and len(data) > 1:
            number, name, text = words.ede(data)
            yield visible(
                ": ".join(filter(None, (f"{name} (EDE {number})" if name else f"EDE {number}", text)))
            )


def _edns(edns: Edns) -> Iterator[str]:
    if edns.version:
        yield say("version", version=edns.version)
    yield say("size", size=edns.size)
    if edns.do:
        yield "DO"
    for code, data in edns.options:
        if code == COOKIE:
            yield say("cookie", cookie=data.hex())
        elif code == NSID:
            plain = data.isascii() and data.decode("ascii").isprintable()
            yield say("nsid", nsid=visible_octets(data) if plain else data.hex())
        elif code != EDE:
            yield say("option", code=code, data=data.hex())


def _taken(found: Answer) -> str:
    transport = found.transport.upper()
    took = say("took", transport=transport, time=found.seconds * 1000, octets=found.octets)
    said = [f"{common.shown(found.server)}  {took}"]
    if found.cut:
        said.append(say("cut"))
    if found.tries > 1:
        said.append(say("tries", count=found.tries))
    return say("comma").join(said)
