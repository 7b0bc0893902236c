"""The rules for connections and datagrams, by values and with a clock moved by hand."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.core.explain.datagrams import Correspondence
from netapp.core.explain.findings import FINDINGS
from netapp.core.explain.streams import Conversation
from netapp.core.languages import LANGS

PEER = ("192.0.2.1", 4000)


@dataclass
class Kernel:
    """What a kernel would say; None where it says nothing."""

    came: int | None = 0
    taken: int | None = 0
    held_back: int = 0
    lost: int | None = 0
    held: bool | None = True

    def segments(self) -> int | None:
        return self.came

    def acknowledged(self) -> int | None:
        return self.taken

    def waiting(self) -> int:
        return self.held_back


class Watch:
    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, object]]] = []
        self.kernel = Kernel()
        self.stream = Conversation(self._tell, self.kernel, 0.0)
        self.udp = Correspondence(
            lambda peer, key, fields: self._tell(key, fields),
            lambda: self.kernel.lost,
            lambda port: self.kernel.held,
        )

    def _tell(self, key: str, fields: Mapping[str, object]) -> None:
        self.found.append((key, dict(fields)))

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.found]


# Without evidence --------------------------------------------------------------------------------


def test_without_a_kernel_that_tells_nothing_is_found_that_only_it_could_know() -> None:
    watch = Watch()
    watch.kernel.came = watch.kernel.taken = watch.kernel.lost = watch.kernel.held = None
    watch.stream.heard(b"one", 1.0)
    watch.stream.heard(b"two", 1.0)
    watch.stream.streaming(1000, 2.0)
    for second in range(3, 30):
        watch.stream.tick(float(second))
    watch.stream.streamed()
    watch.udp.heard(b"hello", PEER, 1.0)
    watch.udp.saying(b"hello", PEER, local=True)
    watch.udp.tick(9.0)
    assert watch.found == []


def test_a_read_after_octets_that_were_still_to_be_read_is_not_judged_by_segments() -> None:
    watch = Watch()
    for came in (1, None, 5, 6):
        watch.kernel.came = came
        watch.stream.heard(b"word", 1.0)
    assert watch.found == []
    watch.kernel.came = 8
    watch.stream.heard(b"word", 1.0)
    assert watch.found == [("stuck", {"count": 2})]


@pytest.mark.parametrize("octets", [b"one\ntwo\n", b"\x05\0\0\0a.txt", b"x" * 600])
def test_segments_of_lines_frames_and_much_text_are_not_stuck_messages(octets: bytes) -> None:
    watch = Watch()
    watch.kernel.came = 3
    watch.stream.heard(octets, 1.0)
    assert watch.found == []


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"\0\0\0\6" + "你好".encode(), ("frame order", {"length": 6, "wrong": 6 << 24})),
        (b"\2\0\0\0" + "你好".encode(), ("frame characters", {"length": 2, "octets": 6})),
        (b"\2\0\0\0" + "你好".encode("gbk"), ("frame characters", {"length": 2, "octets": 4})),
        (b"\2\0\0\0\0\0\0\0hi", ("frame long", {})),
        (b"\6\0\0\0" + "你好".encode(), None),
        (b"\2\0\0\0hi\2\0\0\0hi", None),
        (b"\0\0\0\4\0\0\0\0", None),
        (b"\6\0\0\0", None),
    ],
)
def test_a_length_made_wrongly_is_seen_by_a_connections_first_read(
    octets: bytes, found: tuple[str, dict[str, object]] | None
) -> None:
    watch = Watch()
    watch.stream.heard(octets, 1.0)
    assert watch.found == ([found] if found else [])


# The end of a connection -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "said", "clean", "finished", "found"),
    [
        (b"a\n", b"answer", False, False, ["unread"]),
        (b"a\n", b"", False, False, ["reset"]),
        (b"", b"prompt", False, False, ["unread"]),
        (b"", b"", False, False, ["wordless"]),
        (b"", b"prompt", True, True, ["wordless"]),
        (b"", b"", True, False, []),  # we have hung up
        (b"a\n", b"answer", True, True, []),
    ],
)
def test_ends(heard: bytes, said: bytes, clean: bool, finished: bool, found: list[str]) -> None:
    watch = Watch()
    if heard:
        watch.stream.heard(heard, 1.0)
    if said:
        watch.stream.said(said, 1.0)
    watch.stream.lost(clean=clean, finished=finished)
    assert watch.keys == found
    assert watch.stream.deadline == math.inf


def test_a_body_that_was_cut_is_told_once_with_what_the_peers_system_had() -> None:
    watch = Watch()
    watch.kernel.taken = 100
    watch.stream.streaming(60_000, 1.0)
    watch.kernel.taken = 100 + 1024
    watch.stream.cut_off(40_000)
    watch.stream.lost(clean=False, finished=False)
    assert watch.found == [("cut", {"size": 60_000, "taken": 1024})]


def test_who_reads_slowly_is_not_stalled_and_who_reads_nothing_is() -> None:
    watch = Watch()
    watch.stream.streaming(10**9, 0.0)
    watch.kernel.held_back = 50_000
    for _ in range(10):
        watch.kernel.taken = (watch.kernel.taken or 0) + 1
        watch.stream.tick(watch.stream.deadline)
    assert watch.found == []
    watch.stream.tick(watch.stream.deadline)
    assert watch.found == [("stalled", {"seconds": 5, "count": 50_000})]
    assert watch.stream.deadline == math.inf


# Messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "quiet", "found"),
    [
        (b"a.txt", limits.QUIET, ["quiet"]),
        (b"a", limits.QUIET_LONE, ["quiet"]),
        (b"a.txt\n", limits.QUIET, []),
        (b"a.txt\r\0", limits.QUIET, []),
        (b"a.txt", 60.0, []),  # a deadline of another kind
        (b"\xff\xfb\x01", limits.QUIET, []),  # telnet, which ends its lines
    ],
)
def test_quiet(octets: bytes, quiet: float, found: list[str]) -> None:
    watch = Watch()
    watch.stream.heard(octets, 1.0)
    watch.stream.ticked(1.0 + quiet)
    assert watch.keys == found


def test_a_character_in_two_halves_is_told_once_and_is_no_wrong_encoding() -> None:
    watch = Watch()
    octets = "你好".encode()
    for _ in range(3):
        for piece in (octets[:2], octets[2:]):
            watch.stream.heard(piece, 1.0)
            watch.stream.said(piece, 1.0)
    assert watch.keys == ["split"]


def test_a_long_text_may_be_cut_anywhere_on_its_way() -> None:
    watch = Watch()
    octets = ("汉字" * 5000).encode()
    for at in range(0, len(octets), 1448):  # as Ethernet cuts it
        watch.stream.heard(octets[at : at + 1448], 1.0)
    assert watch.found == []


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_of_a_text_that_comes_in_small_halves_no_more_than_a_half_is_held(codec: str) -> None:
    watch = Watch()
    octets = ("汉字" * 9000).encode(codec)
    for at in range(0, len(octets), 301):
        watch.stream.heard(octets[at : at + 301], 1.0)
        assert all(len(half) <= 3 for half in watch.stream._halves.values())
    assert watch.keys == ["split"]
    watch.stream.heard("\n好\n".encode(codec), 2.0)
    watch.stream.said("你好".encode(codec), 2.0)
    assert watch.keys == ["split"]


def test_a_long_text_that_is_cut_on_its_way_keeps_the_encoding_that_it_began_with() -> None:
    watch = Watch()
    octets = ("汉字" * 5000).encode()
    for at in range(0, 10 * 1448, 1448):
        watch.stream.heard(octets[at : at + 1448], 1.0)
        watch.stream.said("收到".encode(), 1.0)
    assert watch.found == []


@pytest.mark.parametrize(("came", "went"), [("utf-8", "gbk"), ("gbk", "utf-8")])
def test_an_answer_in_another_encoding_is_shown_as_the_client_reads_it(came: str, went: str) -> None:
    watch = Watch()
    answer = "登录成功".encode(went)
    watch.stream.heard("你好\n".encode(came), 1.0)
    watch.stream.said(b"ok", 1.0)
    watch.stream.said(answer, 1.0)
    watch.udp.heard("你好".encode(came), PEER, 1.0)
    watch.udp.saying(answer, PEER, local=False)
    reading = "gb18030" if came == "gbk" else came
    assert watch.found == [(f"{went} answer", {"shown": answer.decode(reading, "replace")})] * 2


def test_python_utf_16_is_no_telnet_although_it_begins_as_one() -> None:
    watch = Watch()
    watch.stream.heard("你好".encode("utf-16"), 1.0)
    assert watch.keys == ["utf16"]
    watch = Watch()
    watch.stream.heard(b"\xff\xfe\x01\xff\xfe\x03", 1.0)  # IAC DONT, twice
    assert watch.keys == []


# Datagrams ---------------------------------------------------------------------------------------


def test_what_was_lost_is_told_when_the_burst_is_over_and_not_again() -> None:
    watch = Watch()
    watch.udp.heard(b"earlier", PEER, 0.0)
    watch.kernel.lost = 1
    for number in range(9):
        watch.udp.heard(b"%d" % number, PEER, 10.0 + number / 100)
    assert watch.udp.deadline == 10.0 + limits.EXPLAIN_BURST
    watch.udp.tick(watch.udp.deadline)
    assert watch.found == []  # it was heard since
    watch.udp.tick(watch.udp.deadline)
    assert watch.found == [("lost", {"lost": 1, "came": 9})]
    watch.udp.heard(b"later", PEER, 20.0)
    assert watch.udp.deadline == math.inf


def test_the_same_question_now_and_then_is_no_loop() -> None:
    watch = Watch()
    for number in range(100):
        watch.udp.heard(b"www.baidu.com", PEER, number / 19)
    assert watch.found == []
    for number in range(100):
        watch.udp.heard(b"www.baidu.com", PEER, 100 + number / 30)
    assert watch.keys == ["again"]


def test_a_port_is_only_looked_for_on_this_machine() -> None:
    watch = Watch()
    watch.kernel.held = False
    watch.udp.saying(b"x", PEER, local=False)
    assert watch.found == []
    watch.udp.saying(b"x", PEER, local=True)
    assert watch.found == [("gone", {"port": 4000})]


# Whatever comes ----------------------------------------------------------------------------------

EVENTS = st.one_of(
    st.tuples(st.just("heard"), st.binary(max_size=60)),
    st.tuples(st.just("heard"), st.text(max_size=20).map(str.encode)),
    st.tuples(st.just("said"), st.binary(max_size=60)),
    st.tuples(st.just("said"), st.text(max_size=20).map(lambda text: text.encode("gbk", "replace"))),
    st.tuples(st.just("segments"), st.none() | st.integers(0, 5)),
    st.tuples(st.sampled_from(["ticked", "tick", "streaming", "streamed", "cut_off"]), st.integers(0, 10**6)),
)


@given(st.lists(EVENTS, max_size=30), st.booleans(), st.booleans())
def test_whatever_happens_on_a_connection_each_finding_is_said_once_and_can_be(
    events: list[tuple[str, Any]], clean: bool, finished: bool
) -> None:
    watch, now = Watch(), 0.0
    for name, value in events:
        now += 0.4
        match name:
            case "heard" | "said" | "streaming":
                getattr(watch.stream, name)(value, now)
            case "ticked" | "tick":
                getattr(watch.stream, name)(now)
            case "segments":
                watch.kernel.came = value
            case "streamed":
                watch.stream.streamed()
            case "cut_off":
                watch.stream.cut_off(value)
    watch.stream.lost(clean=clean, finished=finished)
    check(watch)


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=1100), st.floats(0.0, 0.5)), max_size=40))
def test_whatever_datagrams_come_each_finding_can_be_said(events: list[tuple[bool, bytes, float]]) -> None:
    watch, now = Watch(), 0.0
    watch.kernel.held, watch.kernel.lost = False, 3
    for comes, octets, pause in events:
        now += pause
        if comes:
            watch.udp.heard(octets, PEER, now)
        else:
            watch.udp.saying(octets, PEER, local=True)
        if now >= watch.udp.deadline:
            watch.udp.tick(now)
    check(watch)


def check(watch: Watch) -> None:
    assert len(watch.keys) == len(set(watch.keys))
    for key, fields in watch.found:
        for lang in LANGS:
            assert FINDINGS.say(lang, key, **fields)
            assert not re.search(r"\{\w", FINDINGS.say(lang, key, **(fields or {"": ""})))
