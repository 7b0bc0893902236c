"""A zone by transfer, shown while it comes."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from netapp.cli import common
from netapp.cli.dig import messages, words
from netapp.cli.dig.asking import Manner
from netapp.cli.dig.asking import say as say_asking
from netapp.cli.dig.messages import Question, Record
from netapp.cli.dig.names import written
from netapp.cli.dig.transfer import Mark, Refusal, Transfer
from netapp.cli.dig.wires import Stream
from netapp.core import limits
from netapp.core.languages import Phrases
from netapp.dns.message import AXFR, IN, IXFR
from netapp.dns.tsig.trust import Trust
from netapp.errors import NetappError, WireError
from netapp.names.model import SOA

PHRASES: Final = Phrases(
    {
        "refused": (
            "{where} 不传送 {zone}:{rcode},{meaning}",
            "{where} does not transfer {zone}: {rcode}, {meaning}",
        ),
        "endless": (
            "{where} 传送的 {zone} 超过 {size} 字节",
            "{where} sends more than {size} octets of {zone}",
        ),
        "slow": ("{where} {wait:g} 秒没有发来下一段", "{where} has sent nothing for {wait:g} s"),
    }
)
say: Final = common.words(PHRASES)

Taken = Sequence[tuple[Mark, Record]]
#: Shows records as they come.
Show = Callable[[Taken], object]


@dataclass(frozen=True)
class Fetched:
    """What came.  :param serial: the zone's there.  :param changes: differences, not the whole zone."""

    serial: int
    records: int
    messages: int
    octets: int
    seconds: float
    changes: bool


def fetch(
    server: common.HostPort,
    manner: Manner,
    zone: bytes,
    serial: int | None,
    show: Show,
    *,
    most: int = limits.COMMAND_TRANSFER,
) -> Fetched:
    """Show a zone, or what has changed in it since a serial; the command fails where it does not come whole.

    :param zone: its wire name.
    :param most: octets after which it is given up.
    """
    where, name = common.shown(server), written(zone)
    question = Question(zone, AXFR if serial is None else IXFR)
    stream = Stream(server)
    try:
        return _fetched(stream, manner, question, serial, show, most)
    except Refusal as refusal:
        rcode, meaning = words.rcode_name(refusal.rcode), words.refusal(refusal.rcode)
        return common.fail(say("refused", where=where, zone=name, rcode=rcode, meaning=meaning))
    except TimeoutError:
        return common.fail(say("slow", where=where, wait=limits.COMMAND_CONNECT))
    except (OSError, UnicodeError) as error:
        return common.fail(common.trouble(common.as_system(error), where))
    except _TooMuch:
        return common.fail(say("endless", where=where, zone=name, size=most))
    except WireError as error:
        return common.fail(say_asking("garbled", where=where, reason=str(error)))
    except NetappError as error:
        return common.fail(say_asking("unsigned", where=where, reason=str(error)))
    finally:
        stream.close()


class _TooMuch(Exception):
    """It does not end."""


def _fetched(
    stream: Stream, manner: Manner, question: Question, serial: int | None, show: Show, most: int
) -> Fetched:
    begun = time.monotonic()
    trust, ident = Trust(manner.key, time.time), int.from_bytes(os.urandom(2), "big")
    authority = b"" if serial is None else _soa(question.qname, serial)
    stream.send(
        trust.request(messages.query(ident, question, None, authority=authority)),
        begun + limits.COMMAND_CONNECT,
    )
    transfer, octets = Transfer(ident, question, serial), 0
    while not transfer.done:
        got = stream.receive(time.monotonic() + limits.COMMAND_CONNECT)
        octets += len(got)
        if octets > most:
            raise _TooMuch
        show(transfer.take(messages.read(trust.answer(got))))
    trust.finish()
    seconds = round(time.monotonic() - begun, 6)
    return Fetched(
        transfer.new_serial, transfer.records, transfer.messages, octets, seconds, transfer.incremental
    )


def _soa(zone: bytes, serial: int) -> bytes:
    """The SOA that says which version is here: RFC 1995 section 3."""
    rdata = b"\0\0" + serial.to_bytes(4, "big") + bytes(16)
    fixed = ((SOA, 2), (IN, 2), (0, 4), (len(rdata), 2))
    return zone + b"".join(number.to_bytes(size, "big") for number, size in fixed) + rdata
