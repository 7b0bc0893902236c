"""Questions to servers that are slow, wrong, hostile, or of another time."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import dns.tsigkeyring
import pytest

from netapp.cli import common
from netapp.cli.dig.asking import Answer, Asker, Manner
from netapp.cli.dig.messages import Question
from netapp.core import limits
from netapp.dns.tsig.keys import Key
from tests.cli.tools import PATIENCE, Server, tcp_server, udp_server

NAME = b"\x03www\x05class\x03lan\0"
ASKED = Question(NAME, 1)
KEY = Key(b"\x06laptop\0", "hmac-sha256", b"secret")
KEYRING = dns.tsigkeyring.from_text({"laptop.": ("hmac-sha256", "c2VjcmV0")})
Change = Callable[[dns.message.Message], bytes | None]


def right(query: dns.message.Message, address: str = "192.0.2.1") -> dns.message.Message:
    response = dns.message.make_response(query)
    response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address))
    return response


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMMAND_TRIES", (0.2, 0.2, 0.3))


@contextmanager
def answering(change: Change) -> Iterator[Server]:
    with udp_server(lambda octets: change(dns.message.from_wire(octets))) as server:
        yield server


def asked(server: Server, **manner: object) -> Answer:
    asker = Asker(("127.0.0.1", server.port), Manner(**manner))  # type: ignore[arg-type]
    try:
        return asker.ask(ASKED)
    finally:
        asker.close()


def test_an_answer_is_timed_and_measured() -> None:
    with answering(lambda query: right(query).to_wire()) as server:
        answer = asked(server)
    assert [each.data for each in answer.message.answer] == ["192.0.2.1"]
    assert (answer.transport, answer.tries, answer.cut, answer.signed) == ("udp", 1, False, False)
    assert answer.octets == len(answer.message.octets)
    assert 0 < answer.seconds < 1


WRONG = ("id", "no answer", "question", "type", "cookie")


def wrong(how: str) -> Callable[[dns.message.Message], bytes]:
    """Answers that are none of ours, and then the right one."""

    def change(query: dns.message.Message) -> bytes:
        response = right(query, "192.0.2.66")
        if how == "id":
            response.id ^= 1
        elif how == "no answer":
            response.flags &= ~dns.flags.QR
        elif how == "question":
            response = right(dns.message.make_query("www.class.lab", "A", id=query.id))
        elif how == "type":
            response = right(dns.message.make_query("www.class.lan", "AAAA", id=query.id))
        elif how == "cookie":
            response.use_edns(
                0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"notours!" + b"server!!")]
            )
        return response.to_wire()

    return change


@pytest.mark.parametrize("how", WRONG)
def test_what_answers_another_question_is_passed_over(how: str) -> None:
    with answering(wrong(how)) as server, pytest.raises(common.CommandError, match="3"):
        asked(server)
    assert len(server.got) == 3


def answer_among(replies: Callable[[bytes], list[bytes]], manner: Manner) -> Answer:
    """What is taken for the answer of several datagrams that come for one question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(PATIENCE)

        def serve() -> None:
            octets, peer = sock.recvfrom(1024)
            for each in replies(octets):
                sock.sendto(each, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        asker = Asker(sock.getsockname(), manner)
        answer = asker.ask(ASKED)
        asker.close()
        thread.join(PATIENCE)
    return answer


def test_the_right_answer_behind_wrong_ones_counts() -> None:
    def replies(octets: bytes) -> list[bytes]:
        query = dns.message.from_wire(octets)
        return [*(wrong(how)(query) for how in WRONG), b"\x01" * 40, right(query).to_wire()]

    answer = answer_among(replies, Manner())
    assert [each.data for each in answer.message.answer] == ["192.0.2.1"]


def test_silence_is_asked_again_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    lost = iter([True, True])
    with answering(lambda query: None if next(lost, False) else right(query).to_wire()) as server:
        assert asked(server).tries == 3
    assert len(re.findall("正在重试|asking again", capsys.readouterr().err)) == 2


def test_silence_for_ever_ends() -> None:
    with (
        answering(lambda query: None) as server,
        pytest.raises(common.CommandError, match=r"没有回应|does not answer"),
    ):
        asked(server)


@pytest.mark.parametrize("octets", [b"", b"\x00", b"\xff" * 600, bytes(65)])
def test_garbage_is_told_with_its_reason(octets: bytes) -> None:
    with udp_server(lambda _: octets) as server, pytest.raises(common.CommandError):
        asked(server)
    assert len(server.got) <= 3


def test_text_has_its_cure() -> None:
    with udp_server(lambda _: b"i dont know") as server, pytest.raises(common.CommandError, match="--plain"):
        asked(server)
    assert len(server.got) == 1


def test_a_server_without_edns_is_asked_without(capsys: pytest.CaptureFixture[str]) -> None:
    def old(query: dns.message.Message) -> bytes:
        if query.edns < 0:
            return right(query).to_wire()
        return query.id.to_bytes(2, "big") + b"\x81\x01" + bytes(8)

    with answering(old) as server:
        assert asked(server).message.answer
    assert "EDNS" in capsys.readouterr().err


def test_a_server_that_wants_its_cookie_gets_it() -> None:
    def strict(query: dns.message.Message) -> bytes:
        cookie = next(each.to_wire() for each in query.options if each.otype == 10) or b""
        response = right(query)
        response.use_edns(
            0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie[:8] + b"12345678")]
        )
        if cookie[8:] != b"12345678":
            response.answer.clear()
            response.set_rcode(dns.rcode.BADCOOKIE)
        return response.to_wire()

    with answering(strict) as server:
        assert asked(server).message.rcode == 0
    assert len(server.got) == 2


def framed(server: Server, connection: socket.socket) -> None:
    """Answers queries by their length, until the client goes."""
    while length := int.from_bytes(connection.recv(2), "big"):
        query = dns.message.from_wire(connection.recv(length))
        server.got.append(b"")
        wire = right(query).to_wire()
        connection.sendall(len(wire).to_bytes(2, "big") + wire)


def test_a_cut_answer_is_asked_for_over_tcp() -> None:
    def cut(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.TC
        return response.to_wire()

    with (
        tcp_server(framed) as stream,
        udp_server(lambda octets: cut(dns.message.from_wire(octets)), port=stream.port),
    ):
        answer = asked(stream)
    assert (answer.transport, answer.cut) == ("tcp", True)


def test_many_names_share_one_connection() -> None:
    connections = []

    def handle(server: Server, connection: socket.socket) -> None:
        connections.append(connection)
        framed(server, connection)

    with tcp_server(handle) as server:
        asker = Asker(("127.0.0.1", server.port), Manner(tcp=True))
        for _ in range(5):
            assert asker.ask(ASKED).message.answer
        asker.close()
    assert (len(connections), len(server.got)) == (1, 5)


def test_a_connection_that_was_closed_meanwhile_is_made_again() -> None:
    def once(server: Server, connection: socket.socket) -> None:
        query = dns.message.from_wire(connection.recv(int.from_bytes(connection.recv(2), "big")))
        wire = right(query).to_wire()
        connection.sendall(len(wire).to_bytes(2, "big") + wire)

    with tcp_server(once) as server:
        asker = Asker(("127.0.0.1", server.port), Manner(tcp=True))
        for _ in range(3):
            assert asker.ask(ASKED).message.answer
        asker.close()


@pytest.mark.parametrize(
    "octets", [b"\xff\xff" + bytes(100), b"\0\0", b"\0\5abcde", b"HTTP/1.1 400 Bad Request\r\n\r\n"]
)
def test_lengths_that_lie(octets: bytes) -> None:
    def lie(server: Server, connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(octets)

    with tcp_server(lie) as server, pytest.raises(common.CommandError):
        asked(server, tcp=True)


def test_a_signed_question_believes_signed_answers_only() -> None:
    with udp_server(unsigned) as server, pytest.raises(common.CommandError, match="not signed"):
        asked(server, key=KEY)


def unsigned(octets: bytes) -> bytes:
    query = dns.message.from_wire(octets, keyring=KEYRING)
    assert query.had_tsig
    plain = dns.message.make_query(query.question[0].name, "A", id=query.id)
    return right(plain).to_wire()


def test_a_signed_answer_is_believed() -> None:
    def sign(octets: bytes) -> bytes:
        return right(dns.message.from_wire(octets, keyring=KEYRING)).to_wire()

    with udp_server(sign) as server:
        answer = asked(server, key=KEY)
    assert answer.signed
    assert [each.data for each in answer.message.answer] == ["192.0.2.1"]


def test_a_right_signature_behind_a_wrong_one_counts() -> None:
    """Whoever can guess the port may send what is signed by nobody's key."""

    def replies(octets: bytes) -> list[bytes]:
        good = right(dns.message.from_wire(octets, keyring=KEYRING)).to_wire()
        forged = [  # in an octet of the answer, and of its signature
            good[:octet] + bytes((good[octet] ^ 1,)) + good[octet + 1 :] for octet in (20, len(good) - 10)
        ]
        return [*forged, unsigned(octets), good]

    answer = answer_among(replies, Manner(key=KEY))
    assert [each.data for each in answer.message.answer] == ["192.0.2.1"]


def test_a_server_of_several_addresses_is_asked_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        answering(lambda query: right(query).to_wire()) as server,
        socket.socket(type=socket.SOCK_DGRAM) as nobody,
    ):
        nobody.bind(("127.0.0.2", 0))
        elsewhere = (socket.AF_INET, socket.SOCK_DGRAM, 17, "", nobody.getsockname())
        nobody.close()
        here = (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [elsewhere, here])
        assert asked(server).message.answer
    with pytest.raises(common.CommandError, match=r"拒绝连接|refuses"):
        asked(server)
