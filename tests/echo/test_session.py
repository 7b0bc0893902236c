"""The answering machine's rules, by values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits, text
from netapp.core.sessions import Close
from netapp.echo.session import FIELDS, Answers, EchoSession, Show, Template
from netapp.errors import ConfigError


def session(template: str = "{data}", encoding: text.Encoding = "auto", **how: bool) -> EchoSession:
    answers = Answers(Template(template), lambda: "12:34:56")
    return EchoSession(
        answers, text.Tongue(encoding), ("192.0.2.1", 4321), **({"once": False, "operator": False} | how)
    )


@given(st.binary(min_size=1))
def test_echo_gives_back_the_very_octets(data: bytes) -> None:
    assert session().receive(data, 0.0) == [data]


def test_a_template_is_filled() -> None:
    talk = session("{count} {host}:{port} {time} {data}")
    assert talk.receive(b"a", 0.0) == [b"1 192.0.2.1:4321 12:34:56 a"]
    assert talk.receive(b"b", 0.0) == [b"2 192.0.2.1:4321 12:34:56 b"]


def test_what_a_peer_sends_is_never_a_template() -> None:
    assert session("<{data}>").receive(b"{host} {0.__class__}", 0.0) == [b"<{host} {0.__class__}>"]


@pytest.mark.parametrize("template", ["{date}", "{data}{x}"])
def test_an_unknown_field_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match=", ".join(FIELDS)):
        Template(template)


def test_t8_answers_ok_to_every_chunk() -> None:
    talk = session("OK!")
    assert [talk.receive(chunk, 0.0) for chunk in (b"1", "你好".encode("gbk"))] == [[b"OK!"], [b"OK!"]]


def test_t7_answers_once_in_utf8_whatever_it_read() -> None:
    talk = session("您好,已成功接受您的请求", "utf-8", once=True)
    assert talk.receive("你好".encode("gbk"), 0.0) == [
        "您好,已成功接受您的请求".encode(),
        Close("answered once"),
    ]


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t23_prefixes_in_the_encoding_of_the_peer(codec: str) -> None:
    assert session("来自服务器{data}").receive("你好吗".encode(codec), 0.0) == [
        "来自服务器你好吗".encode(codec)
    ]


def test_a_datagram_made_from_a_template_is_cut_at_a_character() -> None:
    answers = Answers(Template("服{data}"), lambda: "")
    answer = answers.datagram("字".encode() * 1000, "192.0.2.1", 1, text.Tongue("auto"))
    assert limits.PLAIN_ANSWER - 3 < len(answer) <= limits.PLAIN_ANSWER
    assert set(answer.decode()) == {"服", "字"}


def test_rfc862_gives_back_a_whole_datagram() -> None:
    answers = Answers(Template("{data}"), lambda: "")
    assert answers.datagram(b"x" * 5000, "192.0.2.1", 1, text.Tongue("auto")) == b"x" * 5000


@pytest.mark.parametrize("sent", ["utf-8", "gbk"])
def test_t3_t6_an_encoding_that_is_set_is_written_whatever_came(sent: str) -> None:
    assert session(encoding="gbk").receive(
        "中国☃".encode("utf-8" if sent == "utf-8" else "gb18030"), 0.0
    ) == ["中国?".encode("gbk")]


def test_t17_an_operator_sees_text_and_answers_once_in_gbk() -> None:
    talk = session(encoding="gbk", operator=True, once=True)
    assert talk.receive("在吗?".encode("gbk"), 0.0) == [Show("在吗?")]
    assert talk.typed("在的", 1.0) == ["在的".encode("gbk"), Close("answered once")]


def test_a_peer_that_has_finished_is_answered_and_then_closed() -> None:
    talk = session(operator=True)
    assert talk.finish(0.0) == ()
    assert talk.typed("bye", 1.0) == [b"bye", Close("answered once")]
