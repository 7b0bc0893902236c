"""An answer as one JSON object: the keys stand in docs/reference/netapp-command, and stay."""

import json
from typing import Any

import click

from netapp.cli import common
from netapp.cli.dig import words
from netapp.cli.dig.asking import Answer
from netapp.cli.dig.messages import Question, Record
from netapp.cli.dig.names import in_script, written
from netapp.dns.options import COOKIE, EDE, NSID
from netapp.dns.wire import Edns


def answer(name: str, found: Answer) -> dict[str, Any]:
    """One answer.  :param name: as it was written."""
    message = found.message
    return {
        "name": name,
        "server": common.shown(found.server),
        "transport": found.transport,
        "cut": found.cut,
        "tries": found.tries,
        "time_ms": round(found.seconds * 1000, 3),
        "octets": found.octets,
        "rcode": words.rcode_name(message.rcode),
        "flags": words.flags(message),
        "signed": found.signed,
        "question": [_question(each) for each in message.questions or (found.question,)],
        "answer": [record(each) for each in message.answer],
        "authority": [record(each) for each in message.authority],
        "additional": [record(each) for each in message.additional],
        "edns": _edns(message.edns) if message.edns is not None else None,
    }


def record(each: Record) -> dict[str, Any]:
    """One record; ``unicode`` is there for a name with A-labels only."""
    return {
        **_named(each.owner),
        "ttl": each.ttl,
        "class": words.class_name(each.rdclass),
        "type": words.type_name(each.rdtype),
        "data": each.data,
    }


def line(value: dict[str, Any]) -> str:
    """On one line, without a character that a terminal would obey or a reader not see."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def show(value: dict[str, Any]) -> None:
    """One line."""
    with common.output():
        click.echo(line(value))


def _question(question: Question) -> dict[str, Any]:
    return {
        **_named(question.qname),
        "class": words.class_name(question.qclass),
        "type": words.type_name(question.qtype),
    }


def _named(name: bytes) -> dict[str, str]:
    own = in_script(name)
    return {"name": written(name)} | ({"unicode": own} if own is not None else {})


def _edns(edns: Edns) -> dict[str, Any]:
    cookie, nsid = edns.option(COOKIE), edns.option(NSID)
    errors = [words.ede(data) for code, data in edns.options if code == EDE and len(data) > 1]
    return {
        "version": edns.version,
        "size": edns.size,
        "do": edns.do,
        "cookie": cookie.hex() if cookie is not None else None,
        "nsid": nsid.hex() if nsid is not None else None,
        "ede": [{"code": code, "name": name, "text": text} for code, name, text in errors],
        "options": [{"code": code, "data": data.hex()} for code, data in edns.options],
    }
