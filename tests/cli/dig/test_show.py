"""Answers shown: whatever a server sends, a line is a line, and nothing in it drives a terminal."""

import json
from dataclasses import replace

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.cli.dig import asjson, messages, words
from netapp.cli.dig.asking import Answer
from netapp.cli.dig.messages import Question, Record
from netapp.cli.dig.show import answer_lines, readable
from netapp.core.text import visible
from netapp.errors import WireError

NAME = b"\x03www\x05class\x03lan\0"
KEY = "256 3 13 oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA=="
RECORDS = (
    ("www.class.lan.", "A", "192.0.2.1"),
    ("www.class.lan.", "RRSIG", f"A 13 3 300 20261201000000 20261101000000 4711 class.lan. {'AAAA' * 20}"),
    ("class.lan.", "DNSKEY", KEY),
    ("class.lan.", "DNSKEY", KEY.replace("256", "257")),
    ("xn--wlr595avud.class.lan.", "TXT", '"\\027[2J" "\\228\\189\\160"'),
    ("odd\\027.class.lan.", "TYPE65280", "\\# 2 1b5b"),
    ("class.lan.", "SOA", "ns1.class.lan. admin.class.lan. 7 3600 600 86400 300"),
)
OPTIONS = (
    dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678abcdefgh"),
    dns.edns.GenericOption(dns.edns.OptionType.NSID, b"\x1b[2Jns"),
    dns.edns.GenericOption(dns.edns.OptionType.EDE, "\0\x12no \x1b]0;x\x07 for \x9b\u202eyou\0".encode()),
    dns.edns.GenericOption(dns.edns.OptionType.make(65001), b"\x1b"),
)


def good() -> bytes:
    response = dns.message.make_response(dns.message.make_query("www.class.lan", "A", use_edns=0))
    for number, (owner, kind, data) in enumerate(RECORDS):
        section = (response.answer, response.authority, response.additional)[number % 3]
        section.append(dns.rrset.from_text(dns.name.from_text(owner), 300, "IN", kind, data))
    response.use_edns(0, dns.flags.DO, 4096, options=list(OPTIONS))
    return response.to_wire()


GOOD = good()


def found(octets: bytes) -> Answer:
    return Answer(Question(NAME, 1), messages.read(octets), ("192.0.2.53", 53), "udp", 0.0012, len(octets))


def lines(answer: Answer, now: float = 1795000000.0) -> list[str]:
    return [line.plain.rstrip() for line in answer_lines(answer, now)]


def test_nothing_drives_a_terminal() -> None:
    shown = lines(found(GOOD))
    assert all(line.isprintable() for line in shown)
    text = "\n".join(shown)
    assert "Prohibited (EDE 18): no ⟦U+001B⟧]0;x⟦U+0007⟧ for ⟦U+009B⟧⟦U+202E⟧you" in text
    assert "xn--wlr595avud.class.lan. = 打印机.class.lan." in text
    assert "odd\\027.class.lan." in text
    assert b"\x1b[2Jns".hex() in text
    assert "4096" in text


@pytest.mark.parametrize(
    ("now", "said"),
    [(1.79e9, "尚未生效|not valid yet"), (1.795e9, "有效期内|in its time"), (1.8e9, "已过期|expired")],
)
def test_a_signature_says_whether_it_holds_now(now: float, said: str) -> None:
    text = "\n".join(lines(found(GOOD), now))
    assert any(each in text for each in said.split("|"))
    assert "2026-11-01" in text
    assert "4711" in text


def test_keys_say_what_they_sign() -> None:
    text = "\n".join(lines(found(GOOD)))
    assert "KSK" in text
    assert "ZSK" in text
    assert "ECDSAP256SHA256" in text


def test_a_class_that_is_not_in_has_a_column() -> None:
    answer = found(GOOD)
    chaos = Record(b"\7version\4bind\0", 16, 3, 0, b"\6netapp")
    assert not any(" IN " in line for line in lines(answer))
    shown = lines(replace(answer, message=replace(answer.message, answer=(chaos,))))
    assert any(line.split()[1:] == ["version.bind.", "0", "CH", "TXT", '"netapp"'] for line in shown)


@pytest.mark.parametrize("rcode", [*range(12), 16, 23, 3000, 4095])
def test_every_rcode_has_a_name_and_a_meaning(rcode: int) -> None:
    assert words.rcode_name(rcode)
    assert words.refusal(rcode)


def test_json_keys_are_all_there() -> None:
    line = asjson.line(asjson.answer("x", found(GOOD)))
    assert line.isprintable()
    value = json.loads(line)
    assert value["edns"]["ede"] == [
        {"code": 18, "name": "Prohibited", "text": "no \x1b]0;x\x07 for \x9b\u202eyou"}
    ]
    assert value["flags"] == ["qr", "rd"]
    assert value["time_ms"] == 1.2
    assert [each["type"] for each in value["answer"]] == ["A", "DNSKEY", "SOA"]


@settings(max_examples=300)
@given(st.data())
def test_any_message_that_can_be_read_can_be_shown(data: st.DataObject) -> None:
    octets = bytearray(GOOD)
    places = st.dictionaries(st.integers(2, len(GOOD) - 1), st.integers(0, 255), max_size=8)
    for at, octet in data.draw(places).items():
        octets[at] = octet
    try:
        answer = found(bytes(octets))
    except WireError:
        return
    assert all(visible(line) == line for line in lines(answer))
    assert asjson.line(asjson.answer("x", answer)).isprintable()


@settings(max_examples=200)
@given(st.sampled_from([46, 48, 43, 47, 50, 6, 15, 250, 41, 16]), st.binary(max_size=80))
def test_any_rdata_can_be_read_out(rdtype: int, rdata: bytes) -> None:
    assert isinstance(readable(Record(NAME, rdtype, 1, 0, rdata), 0), str)
