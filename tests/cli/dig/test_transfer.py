"""Zones by transfer: their forms, and servers that do not send what they should."""

import socket
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.cli import common
from netapp.cli.dig import fetching, messages
from netapp.cli.dig.asking import Manner
from netapp.cli.dig.messages import Question, Record
from netapp.cli.dig.transfer import Mark, Refusal, Transfer
from netapp.errors import WireError
from tests.cli.tools import Server, tcp_server

ZONE = b"\x05class\x03lan\0"
WWW = b"\x03www" + ZONE
AXFR, IXFR = Question(ZONE, 252), Question(ZONE, 251)


def soa(serial: int, owner: bytes = ZONE) -> Record:
    return Record(owner, 6, 1, 60, b"\0\0" + serial.to_bytes(4, "big") + bytes(16))


def host(number: int) -> Record:
    return Record(WWW, 1, 1, 60, bytes((10, 0, 0, number)))


def packed(*records: Record, question: Question | None = AXFR, ident: int = 7, flags: int = 0x8400) -> bytes:
    """A message of a transfer."""
    counts = (1 if question else 0, len(records), 0, 0)
    head = b"".join(number.to_bytes(2, "big") for number in (ident, flags, *counts))
    asked = question.qname + bytes((0, question.qtype, 0, 1)) if question else b""
    return (
        head
        + asked
        + b"".join(
            each.owner
            + each.rdtype.to_bytes(2, "big")
            + each.rdclass.to_bytes(2, "big")
            + each.ttl.to_bytes(4, "big")
            + len(each.rdata).to_bytes(2, "big")
            + each.rdata
            for each in records
        )
    )


def taken(transfer: Transfer, *sent: bytes) -> list[tuple[Mark, Record]]:
    return [pair for octets in sent for pair in transfer.take(messages.read(octets))]


def test_a_whole_zone_in_several_messages() -> None:
    transfer = Transfer(7, AXFR, None)
    got = taken(
        transfer, packed(soa(3), host(1)), packed(host(2), question=None), packed(soa(3), question=None)
    )
    assert got == [("", soa(3)), ("", host(1)), ("", host(2))]
    assert transfer.done
    assert (transfer.new_serial, transfer.messages, transfer.records) == (3, 3, 3)


def test_differences_say_what_goes_and_what_comes() -> None:
    transfer = Transfer(7, IXFR, 1)
    sent = [soa(3), soa(1), host(1), soa(2), host(2), soa(2), host(2), soa(3), host(3), soa(3)]
    got = [pair for each in sent for pair in taken(transfer, packed(each, question=IXFR))]
    assert got == [
        ("-", soa(1)), ("-", host(1)), ("+", soa(2)), ("+", host(2)),
        ("-", soa(2)), ("-", host(2)), ("+", soa(3)), ("+", host(3)),
    ]  # fmt: skip
    assert transfer.done
    assert transfer.incremental


def test_ixfr_may_be_answered_by_the_whole_zone() -> None:
    transfer = Transfer(7, IXFR, 1)
    got = taken(transfer, packed(soa(3), question=IXFR), packed(host(1), soa(3), question=IXFR))
    assert got == [("", soa(3)), ("", host(1))]
    assert transfer.done
    assert not transfer.incremental


@pytest.mark.parametrize("there", [1, 2**32 - 5])
def test_a_lone_soa_that_is_not_newer_says_that_there_is_nothing(there: int) -> None:
    transfer = Transfer(7, IXFR, 1)
    assert taken(transfer, packed(soa(there), question=IXFR)) == []
    assert transfer.done


def test_a_refusal_has_its_rcode() -> None:
    with pytest.raises(Refusal) as raised:
        taken(Transfer(7, AXFR, None), packed(flags=0x8405))
    assert raised.value.rcode == 5


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ([packed(soa(3), ident=8)], "another id"),
        ([packed(soa(3), flags=0)], "another id"),
        ([packed(soa(3), question=IXFR)], "another question"),
        ([packed(host(1))], "the first record"),
        ([packed(soa(3, WWW))], "the first record"),
        ([packed()], "without records"),
        ([packed(soa(3)), packed(question=None)], "without records"),
        ([packed(soa(3), host(1), soa(3), host(2))], "behind the last"),
    ],
)
def test_what_is_no_transfer_is_refused(sent: list[bytes], why: str) -> None:
    with pytest.raises(WireError, match=why):
        taken(Transfer(7, AXFR, None), *sent)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([soa(1), soa(2), soa(3), host(1), host(2)]), min_size=1, max_size=12),
    st.booleans(),
)
def test_any_order_of_records_ends_or_is_refused(records: Sequence[Record], incremental: bool) -> None:
    transfer = Transfer(7, IXFR if incremental else AXFR, 1 if incremental else None)
    question = IXFR if incremental else AXFR
    got = []
    for record in records:
        try:
            got += taken(transfer, packed(record, question=question))
        except WireError:
            break
    assert len(got) == transfer.records
    assert {mark for mark, _ in got} <= ({"", "-", "+"} if incremental else {""})


# Servers -------------------------------------------------------------------------------------------


def sending(answers: Callable[[int], Iterator[bytes]]) -> Callable[[Server, socket.socket], None]:
    """A server that sends messages, each behind its length, for an id."""

    def handle(server: Server, connection: socket.socket) -> None:
        length = int.from_bytes(connection.recv(2), "big")
        asked = connection.recv(length)
        server.got.append(asked)
        for message in answers(int.from_bytes(asked[:2], "big")):
            connection.sendall(len(message).to_bytes(2, "big") + message)

    return handle


def fetched(place: int, *, serial: int | None = None, most: int = 10**6) -> list[tuple[Mark, Record]]:
    got: list[tuple[Mark, Record]] = []
    fetching.fetch(("127.0.0.1", place), Manner(), ZONE, serial, got.extend, most=most)
    return got


def test_a_zone_over_a_connection() -> None:
    with tcp_server(sending(lambda ident: iter([packed(soa(1), host(1), soa(1), ident=ident)]))) as server:
        assert fetched(server.port) == [("", soa(1)), ("", host(1))]
    assert messages.read(server.got[0]).questions == (AXFR,)


def test_ixfr_says_which_version_is_here() -> None:
    with tcp_server(sending(lambda ident: iter([packed(soa(9), ident=ident, question=IXFR)]))) as server:
        assert fetched(server.port, serial=9) == []
    (authority,) = messages.read(server.got[0]).authority
    assert (authority.owner, authority.rdtype, authority.rdata[2:6]) == (ZONE, 6, bytes((0, 0, 0, 9)))


def endless(ident: int) -> Iterator[bytes]:
    yield packed(soa(1), ident=ident)
    while True:
        yield packed(*[host(1)] * 500, ident=ident, question=None)


def cut(ident: int) -> Iterator[bytes]:
    yield packed(soa(1), host(1), ident=ident)


def lying(ident: int) -> Iterator[bytes]:
    yield packed(soa(1), host(1), ident=ident)[:-3]


def strange(ident: int) -> Iterator[bytes]:
    yield packed(soa(1), host(1), ident=ident ^ 1)


def no_answer(ident: int) -> Iterator[bytes]:
    yield packed(soa(1), host(1), soa(1), ident=ident, flags=0)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (endless, "more than 1000000 octets|超过 1000000 字节"),
        (cut, "broke the connection|中断了连接"),
        (lying, "RFC 1035"),
        (strange, "another id"),
        (no_answer, "another id"),
        (lambda ident: iter([packed(ident=ident, flags=0x8005)]), "REFUSED"),
        (lambda ident: iter([b""]), "shorter than a header"),
    ],
)
def test_servers_that_send_no_zone_are_left_in_one_line(
    answers: Callable[[int], Iterator[bytes]], said: str
) -> None:
    with tcp_server(sending(answers)) as server, pytest.raises(common.CommandError, match=said):
        fetched(server.port)
