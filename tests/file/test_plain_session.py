"""The rules of names, lines and frames, by values and with a clock moved by hand."""

import errno
import json
import math
import os
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits, text
from netapp.core.sessions import Body, Close, Effect, Noticed, Slice
from netapp.errors import WireError
from netapp.file.phrases import PHRASES
from netapp.file.plain.session import HandOver, PlainSession
from netapp.file.plain.wire import Order, length_of, split_frame
from netapp.share.share import Share
from netapp.share.store import MemoryReader, MemoryStore
from netapp.testing import FakeReactor

FILES = {
    b"a.txt": b"content",
    b"empty": b"",
    b"LIST": b"a file called LIST",
    b"sub/b.txt": b"below",
    "文件.txt".encode(): "内容".encode(),
}


class Talk:
    """A session with its time, and what it sends put together."""

    def __init__(self, lang: str = "zh", files: dict[bytes, bytes] = FILES) -> None:
        self.store = MemoryStore(files)
        share = Share(self.store, FakeReactor())
        self.session = PlainSession(share, PHRASES.speaker(lang), text.Tongue("auto"))  # type: ignore[arg-type]
        self.now = 0.0
        self.sent = b""
        self.closed: Close | None = None
        self.noticed: list[tuple[str, dict[str, object]]] = []
        self.handed: bytes | None = None
        self._perform(self.session.open(0.0))

    def say(self, octets: bytes) -> "Talk":
        self._perform(self.session.receive(octets, self.now))
        return self

    def wait(self, seconds: float) -> "Talk":
        """Let time pass, in which the session is called when it wants to be."""
        end = self.now + seconds
        while self.session.deadline <= end and not self.over:
            self.now = max(self.now, self.session.deadline)
            self._perform(self.session.tick(self.now))
        self.now = end
        return self

    def finish(self) -> "Talk":
        self._perform(self.session.finish(self.now))
        return self

    @property
    def over(self) -> bool:
        return self.closed is not None or self.handed is not None

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            assert not self.over
            if isinstance(effect, bytes):
                self.sent += effect
            elif isinstance(effect, Noticed):
                self.noticed.append((effect.key, dict(effect.fields)))
            elif isinstance(effect, Close):
                self.closed = effect
            elif isinstance(effect, HandOver):
                self.handed = effect.octets
            else:
                assert isinstance(effect, Body)
                assert effect is effects[-1]
                self._stream(effect)

    def _stream(self, body: Body) -> None:
        assert self.session.deadline == math.inf or body.parts[0] != b""
        for part in body.parts:
            self.sent += part.source.pread(part.count, part.offset) if isinstance(part, Slice) else part
        body.close()
        self._perform(self.session.sent(self.now))


# Bare names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t10_t18_a_bare_name_gets_the_octets_and_the_end(codec: str) -> None:
    talk = Talk().say("文件.txt".encode(codec))
    assert not talk.sent
    talk.wait(limits.QUIET)
    assert talk.sent == "内容".encode()
    assert talk.closed


def test_t19_what_is_missing_gets_the_end_without_octets() -> None:
    talk = Talk().say(b"nix.txt").wait(limits.QUIET)
    assert talk.closed
    assert talk.sent == b""


def test_what_is_missing_or_empty_is_noticed() -> None:
    assert Talk().say(b"nix.txt\n").noticed == [("missing", {"name": b"nix.txt"})]
    assert Talk().say(b"C:\\nix.txt\n").noticed == [("path", {"name": b"C:\\nix.txt"})]
    assert Talk().say(b"empty\n").noticed == [("empty file", {"name": b"empty"})]
    assert Talk().say(b"a.txt\n").noticed == []


def test_a_length_that_is_not_its_frames_is_noticed() -> None:
    name = "文件.txt".encode()
    assert Talk().say(b"\6\0\0\0" + name).noticed[0] == ("frame characters", {"length": 6, "octets": 10})
    assert Talk().say(b"\0\0\0\5a.txt").noticed == [("frame order", {"length": 5, "wrong": 83886080})]
    with pytest.raises(WireError) as wrong:
        Talk().say(b"\6\0\0\0\0\0\0\0a.txt")
    assert wrong.value.effects == [Noticed("frame long")]
    with pytest.raises(WireError) as wrong:
        Talk().say(b"\7\0\0\0{'a':1}")
    assert wrong.value.effects == [Noticed("frame dictionary")]
    short = Talk().say(b"\7\0\0\0a.txt").wait(limits.FILE_OPENING)
    assert short.noticed == [("frame short", {"length": 7, "octets": 5})]
    assert Talk().say(b"\5\0\0\0a.txt\5\0\0").finish().noticed == [("frame head", {"octets": 3})]
    assert Talk().say(b"\5\0\0\0a.txt").say(b"\5\0\0\0a.txt").wait(limits.FILE_IDLE).noticed == []


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_name_on_a_line_needs_no_quiet(ending: bytes) -> None:
    talk = Talk().say(b"a.txt" + ending)
    assert talk.sent == b"content"
    assert talk.closed


def test_f19_half_a_close_ends_a_name_and_the_answer_is_whole() -> None:
    talk = Talk().say(b"a.txt").finish()
    assert talk.sent == b"content"


def test_octets_in_pieces_with_pauses_are_one_name() -> None:
    talk = Talk()
    for octet in b"a.txt":
        talk.say(bytes([octet])).wait(limits.QUIET_LONE - 0.1)
    assert not talk.sent
    talk.wait(0.1)
    assert talk.sent == b"content"


def test_a_name_that_is_a_command_is_a_file_if_there_is_one() -> None:
    assert Talk().say(b"LIST").wait(limits.QUIET_LONE).sent == b"a file called LIST"
    assert "a.txt" in Talk(files={b"a.txt": b""}).say(b"LIST").wait(limits.QUIET_LONE).sent.decode()
    assert Talk().say(b"GET a.txt").wait(limits.FILE_QUIET_WORD).sent == b"content"


@pytest.mark.parametrize(
    "name", [b"../a.txt", b"sub/../a.txt", b"..\\a.txt", b"a.txt/", b"x" * 2000, b"sub", b"."]
)
def test_f1_f27_names_that_are_no_file(name: bytes) -> None:
    talk = Talk().say(name + b"\n")
    if not talk.over:
        talk.finish()
    assert talk.closed
    assert talk.sent == (b"content" if name == b"a.txt/" else b"")


# Waiting -------------------------------------------------------------------------------------


def test_f17_f18_who_says_nothing_is_let_go() -> None:
    talk = Talk().wait(limits.FILE_FIRST - 0.1)
    assert not talk.closed
    assert talk.wait(0.1).closed


def test_f15_an_opening_that_trickles_has_ten_seconds() -> None:
    talk = Talk()
    for _ in range(int(limits.FILE_OPENING)):
        assert not talk.over
        talk.say(b"x").wait(1.0)
    assert talk.closed


def test_f15_a_trickle_of_a_word_has_ten_seconds_too() -> None:
    talk = Talk().say(b"HEAD /")
    for _ in range(3):
        talk.wait(limits.FILE_QUIET_WORD - 0.1)
        if not talk.over:
            talk.say(b"x")
    assert talk.over
    assert talk.now < limits.FILE_OPENING + limits.FILE_QUIET_WORD


def test_f11_a_frame_that_trickles_has_ten_seconds() -> None:
    talk = Talk().say(length_of(65535, "little"))
    for _ in range(9):
        talk.say(b"x").wait(1.0)
    assert not talk.closed
    assert talk.wait(1.0).closed


# Others --------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 20), max_size=5))
def test_http_is_handed_over_whole(cuts: list[int]) -> None:
    request = b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    talk, position = Talk(), 0
    for cut in cuts:
        if not talk.over:
            talk.say(request[position : position + cut])
            position += cut
    if not talk.over:
        talk.say(request[position:])
        position = len(request)
    assert talk.handed == request[:position]


def test_tls_is_closed_and_ssh_is_told() -> None:
    assert Talk().say(b"\x16\x03\x01\x02\x00\x01\x00").closed
    talk = Talk(lang="en").say(b"SSH-2.0-OpenSSH_9.9\r\n")
    assert talk.sent == b"wrong port: this is not SSH\n"
    assert talk.closed


@pytest.mark.parametrize(
    "octets", [b"a\x00bcd", b"\x01abc", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"abcd\x00\n", b"x" * 8192]
)
def test_f4_f10_what_nobody_speaks_is_an_error(octets: bytes) -> None:
    with pytest.raises(WireError):
        Talk().say(octets)


# Frames --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t12_a_framed_name_gets_a_length_and_the_octets(order: Order, codec: str) -> None:
    name = "文件.txt".encode(codec)
    content = "内容".encode()
    talk = Talk().say(length_of(len(name), order) + name)
    assert talk.sent == length_of(len(content), order) + content
    assert not talk.closed


@pytest.mark.parametrize("order", ["little", "big"])
def test_t13_a_framed_dictionary_gets_a_dictionary_and_the_octets(order: Order) -> None:
    talk = Talk()
    asked = json.dumps({"filename": "文件.txt"}).encode()
    for octet in length_of(len(asked), order) + asked:
        talk.say(bytes([octet]))
    frame = split_frame(talk.sent, order)
    assert frame is not None
    fields = json.loads(frame[0])
    assert fields["filename"] == "文件.txt"
    assert fields["filesize"] == len(frame[1]) == 6
    assert len(fields["sha256"]) == 64
    assert frame[1] == "内容".encode()


def test_several_frames_are_answered_in_order_however_they_come() -> None:
    octets = b"".join(length_of(len(name), "big") + name for name in (b"a.txt", b"empty", b"sub/b.txt"))
    talk = Talk().say(octets)
    assert talk.sent == b"\0\0\0\7content" + b"\0\0\0\0" + b"\0\0\0\5below"
    assert not talk.closed
    talk.say(b"\0\0\0\5a.txt")
    assert talk.sent.endswith(b"below\0\0\0\7content")
    assert talk.wait(limits.FILE_IDLE).closed


def test_f19_frames_before_half_a_close_are_all_answered() -> None:
    talk = Talk().say(b"\0\0\0\5a.txt\0\0\0\5empty").finish()
    assert talk.sent == b"\0\0\0\7content\0\0\0\0"
    assert talk.closed


def test_a_missing_file_is_said_in_a_dictionary_and_not_in_a_length() -> None:
    talk = Talk().say(b"\0\0\0\3nix")
    assert talk.closed
    assert talk.sent == b""
    asked = b'{"filename": "nix"}'
    talk = Talk().say(length_of(len(asked), "big") + asked)
    assert not talk.closed
    fields = json.loads(talk.sent[4:])
    assert fields["filesize"] == 0
    assert "nix" in fields["error"]


def test_an_upload_is_refused_politely() -> None:
    asked = b'{"filename": "new.txt", "filesize": 5}'
    talk = Talk(lang="en").say(length_of(len(asked), "little") + asked + b"12345")
    assert json.loads(talk.sent[4:])["error"] == "files can be fetched here, not stored"
    assert talk.closed
    assert talk.closed.linger


def test_a_file_too_large_for_a_signed_length_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    from netapp.file.plain import frames

    monkeypatch.setattr(frames, "LENGTH_MAX", 6)
    talk = Talk().say(b"\0\0\0\5a.txt")
    assert talk.sent == b""
    assert talk.closed
    assert all(reader.closed for reader in talk.store.readers)


# Lines ---------------------------------------------------------------------------------------


def test_people_get_help_a_listing_and_a_file() -> None:
    talk = Talk().say(b"help\r\n")
    assert "列出文件" in talk.sent.decode()
    assert "list the files" in Talk(lang="en").say(b"HELP\n").sent.decode()
    talk = Talk().say(b"LIST\n")
    assert "           7  a.txt\n" in talk.sent.decode()
    assert "           -  sub/\n" in talk.sent.decode()
    assert not talk.closed
    assert Talk().say(b"LIST sub\n").sent == b"           5  b.txt\n"
    talk = Talk().say(b"GET sub/b.txt\n")
    assert talk.sent == b"below"
    assert talk.closed


def test_what_is_missing_is_said_and_the_talk_goes_on() -> None:
    talk = Talk(lang="en").say(b"GET nix\nLIST nix\nPUT x\n")
    assert talk.sent.decode().splitlines() == [
        "no such file: nix", "no such folder: nix", "files can be fetched here, not stored"
    ]  # fmt: skip
    assert not talk.closed
    assert talk.say(b"a.txt\n").sent.endswith(b"content")


def test_answers_are_in_the_encoding_of_the_question() -> None:
    talk = Talk().say("LIST 没有\n".encode("gbk"))
    assert talk.sent.decode("gbk") == "没有这个文件夹:没有\n"


def test_an_empty_line_gets_help_and_quit_ends() -> None:
    assert "HELP" in Talk().say(b"\r\n").wait(limits.QUIET_LONE).sent.decode()
    assert Talk().say(b"\n").wait(0.5).say(b"a.txt\n").sent.endswith(b"content")
    assert Talk().say(b"QUIT\n").closed
    assert Talk().say(b"HELP\n").wait(limits.FILE_IDLE).closed


def test_f19_commands_before_half_a_close_are_answered() -> None:
    talk = Talk().say(b"LIST sub\nGET a.txt").finish()
    assert talk.sent == b"           5  b.txt\ncontent"
    assert talk.closed


def test_a_telnet_is_spoken_with() -> None:
    talk = Talk().say(b"\xff\xfd\x01\xff\xfb\x1fGET a.txt\r\n")
    assert talk.sent == b"\xff\xfc\x01\xff\xfe\x1f" + b"content"


def test_f31_f52_names_are_shown_and_never_obeyed() -> None:
    talk = Talk(files={b"a\x1b[2J\xe2\x80\xaegpj": b""}).say(b"LIST\n")
    assert talk.sent.decode() == "           0  a⟦U+001B⟧[2J⟦U+202E⟧gpj\n"


# Anything ------------------------------------------------------------------------------------

_PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [
                b"GET ",
                b"a.txt",
                b"\n",
                b"LIST",
                b"\0\0\0\5a.txt",
                b"\5\0\0\0empty",
                b'{"filename":"a.txt"}',
                b"\xff\xfb\1",
            ]
        ),
    ),
    max_size=8,
)


@given(_PIECES, st.lists(st.sampled_from([0.0, 0.3, 2.0, 5.0, 70.0]), max_size=8))
def test_any_octets_end_in_an_answer_a_close_or_a_wire_error(
    pieces: list[bytes], pauses: list[float]
) -> None:
    talk = Talk()
    try:
        for piece, pause in zip(pieces, [*pauses, *[0.0] * len(pieces)], strict=False):
            if talk.over:
                break
            talk.say(piece).wait(pause)
        if not talk.over:
            talk.wait(10 * limits.FILE_IDLE)
    except WireError:
        return
    finally:
        assert all(reader.closed for reader in talk.store.readers)
    assert talk.over


def test_a_disk_that_fails_leaves_no_file_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(MemoryReader, "pread", fails)
    talk, asked = Talk(), b'{"filename": "a.txt"}'
    with pytest.raises(OSError, match="Input/output"):
        talk.say(length_of(len(asked), "big") + asked)
    assert [reader.closed for reader in talk.store.readers] == [True]
