"""The line chat, in memory."""

import gc
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import defer
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.people.model import AccountChanged
from netapp.talk import Author, Proof
from netapp.talk.model import Draft
from netapp.talk.store import MemoryStore
from tests.chat.helpers import IRC, LINES, Chat, People
from tests.talk.helpers import WaitingStore


def test_a_newcomer_is_asked_and_then_is_in_the_lobby() -> None:
    chat = Chat(lang="zh")
    client = chat.client(LINES)
    assert client.take() == "请输入昵称:"
    client.send("小明")
    assert client.take().splitlines() == ["欢迎,小明!你在大厅。输入 /help 看命令。", "这里有 1 人:小明"]
    assert chat.talk.members("lobby") == (Author("小明", Proof.GUEST),)


def test_two_people_talk() -> None:
    chat = Chat()
    bob, eve = chat.line("bob"), chat.line("eve")
    assert bob.take() == "* eve has joined\r\n"
    bob.send("hello")
    assert bob.take() == eve.take() == "[bob] hello\r\n"
    eve.send("/me waves")
    assert bob.take() == eve.take() == "* eve waves\r\n"
    eve.send("/quit see you")
    assert eve.take() == "Good bye!\r\n"
    assert not eve.connected
    assert bob.take() == "* eve is gone\r\n"


@pytest.mark.parametrize("codec", ["utf-8", "gbk"])
def test_t6_t16_a_text_without_newline_is_answered_in_its_encoding(codec: str) -> None:
    chat = Chat(lang="zh")
    client = chat.client(LINES)
    assert client.take_octets()  # T6 and T16 read this one; who reads on gets an answer to each text
    client.octets("小红".encode(codec))
    chat.reactor.advance(limits.QUIET)
    assert "欢迎,小红" in client.take(codec)
    client.octets("你好".encode(codec))
    chat.reactor.advance(limits.QUIET)
    assert client.take(codec) == "[小红] 你好\r\n"


@pytest.mark.parametrize(
    "text", ["", "hello", "/", "/nothing", "/join", "/join a b", "/msg", "/msg nobody x", "/me", "/nick",
             "/nick a b", "/nick bob", "/topic", "/topic x", "/history", "/history x", "/rooms", "/who",
             "/leave", "/help", "//slash", "x" * 9000, "\x1b[31m", "QUIT now", "/nick 新"],
)  # fmt: skip
def test_t27_whatever_a_client_sends_is_answered_in_one_write(text: str) -> None:
    chat = Chat()
    client = chat.line("bob")
    client.send(text)
    chat.reactor.advance(limits.QUIET)
    assert client.take_octets()
    client.send("still here")
    assert client.take() == f"[{chat.talk.present()[0].name}] still here\r\n"


@pytest.mark.parametrize("text", ["a b", "", "x" * 40, "#a", "a\x07", "bob"])
def test_a_name_that_cannot_be_is_refused_and_asked_again(text: str) -> None:
    chat = Chat()
    chat.line("bob")
    client = chat.client(LINES)
    client.take()
    client.send(text)
    assert client.take().endswith("\r\nYour nickname: ")
    client.send("eve")
    assert "Welcome, eve!" in client.take()


def test_an_accounts_name_asks_for_its_password() -> None:
    chat = Chat(people=People(zhao="123"))
    client = chat.client(LINES)
    client.send("zhao")
    assert "zhao has an account" in client.take()
    client.send("wrong")
    assert client.take() == "That is not the password.\r\nYour nickname: "
    client.send("zhao", "123")
    assert "Welcome, zhao!" in client.take()
    assert chat.talk.present() == (Author("zhao", Proof.ACCOUNT, "id-zhao"),)
    guest = chat.client(LINES)
    guest.send("ZHAO")
    assert "has an account" in guest.take() or chat.talk.author("ZHAO") is not None
    guest.send("")
    assert guest.take() == "Your nickname: "


class SlowPeople(People):
    """Answers when the test says so."""

    def __init__(self, **passwords: str) -> None:
        super().__init__(**passwords)
        self.waiting: list[tuple[str, defer.Deferred[Any]]] = []

    def find(self, name: str) -> "defer.Deferred[Any]":
        self.waiting.append((name, defer.Deferred()))
        return self.waiting[-1][1]

    def release(self) -> None:
        while self.waiting:
            name, answer = self.waiting.pop(0)
            answer.callback(self.account(name))


def test_a_password_sent_with_the_name_never_becomes_a_nickname() -> None:
    chat = Chat(people=(people := SlowPeople(zhao="123", bob="456")))
    clients = [chat.client(LINES) for _ in range(3)]
    for client in clients:
        client.send("zhao", "123")
    people.release()
    assert [each.name for each in chat.talk.present()] == ["zhao"]
    assert all("Welcome, zhao!" in client.take() for client in clients)
    guests = [chat.client(LINES) for _ in range(2)]
    for guest in guests:
        guest.send("eve", "Secret")
    people.release()
    assert "Welcome, eve!" in guests[0].take()
    assert guests[1].take().endswith("eve is taken.\r\nYour nickname: ")
    guests[1].octets(b"a b\r\nSecret\r\n")
    assert guests[1].take().endswith("has no spaces.\r\nYour nickname: ")
    guests[1].send("bob")
    people.release()
    guests[1].octets(b"wrong\r\nSecret\r\n")
    people.release()
    assert guests[1].take().endswith("not the password.\r\nYour nickname: ")
    assert sorted(each.name for each in chat.talk.present()) == ["eve", "zhao"]


def test_a_guest_cannot_be_renamed_to_an_account() -> None:
    chat = Chat(people=People(zhao="123"))
    assert chat.line("bob").ask("/nick zhao") == ["zhao is taken."]


def test_who_hangs_up_waits_for_no_password() -> None:
    tried: list[str] = []
    cancelled: list[str] = []

    class Hashing(People):
        def judge(self, name: str, password: str, source: str, *, door: str) -> "defer.Deferred[Any]":
            tried.append(password)
            return defer.Deferred(lambda _: cancelled.append(password))

    chat = Chat(people=Hashing(zhao="123"))
    client = chat.client(LINES)
    client.send("zhao", "wrong")
    with capturedLogs() as events:
        client.gone()
        chat.reactor.advance(60)
    assert tried == cancelled == ["wrong"]
    assert not [event for event in events if "log_failure" in event]


@pytest.mark.parametrize("kind", ["disabled", "locked", "removed", "revoked", "password"])
def test_an_account_that_is_over_ends_its_sessions(kind: Any) -> None:
    chat = Chat(people=People(zhao="123", li="456"))
    zhao, li, guest = chat.client(LINES), chat.client(LINES), chat.line("bob")
    zhao.send("zhao", "123").take()
    li.send("li", "456").take()
    irc = chat.client(IRC)
    irc.send("PASS 123", "NICK zhao", "USER zhao 0 * :zhao").take()
    assert all(client.connected for client in (zhao, li, guest, irc))
    chat.people.changes.publish(AccountChanged(kind, chat.people.account("zhao")))
    assert zhao.take().endswith("your account is not to be used any more.  Good bye!\r\n")
    assert irc.take().endswith("ERROR :Closing link: Your account is not to be used any more\r\n")
    assert [client.connected for client in (zhao, irc, li, guest)] == [False, False, True, True]
    assert sorted(each.name for each in chat.talk.present()) == ["bob", "li"]


@pytest.mark.parametrize("kind", ["session", "application"])
def test_l32_what_has_let_in_ends_it_when_it_is_revoked(kind: Any) -> None:
    chat = Chat(people=People(zhao="123"))
    clients = [chat.client(LINES), chat.client(IRC)]
    for chat.people.opener in (None, "t1", "t2"):
        clients.append(chat.client(LINES).send("zhao", "123"))
        clients.append(chat.client(IRC).send("PASS 123", "NICK zhao", "USER zhao 0 * :zhao"))
    assert all("elcome" in client.take() for client in clients[2:])
    chat.people.changes.publish(AccountChanged(kind, chat.people.account("zhao"), "t1"))
    chat.people.changes.publish(AccountChanged(kind, chat.people.account("zhao")))
    assert [client.connected for client in clients] == [True, True, True, True, False, False, True, True]


def test_l32_what_is_revoked_before_it_is_watched_does_not_let_in() -> None:
    class Revoking(People):
        def still(self, account: Any, opener: str | None) -> "defer.Deferred[bool]":
            assert (account.name, opener) == ("zhao", "t1")
            assert len(self.changes._subscribers) == watched + 1  # it is watched by now
            return defer.succeed(False)

    chat = Chat(people=Revoking(zhao="123"))
    chat.people.opener, watched = "t1", len(chat.people.changes._subscribers)
    client, irc = chat.client(LINES), chat.client(IRC)
    assert client.send("zhao", "123").take().endswith("not the password.\r\nYour nickname: ")
    assert "Bad password" in irc.send("PASS 123", "NICK zhao", "USER zhao 0 * :zhao").take()
    assert (chat.talk.present(), len(chat.people.changes._subscribers)) == ((), watched)
    client.send("bob").take()
    chat.people.changes.publish(AccountChanged("disabled", chat.people.account("zhao")))
    assert client.connected  # as a guest, who has no account


def test_other_changes_of_an_account_end_nothing() -> None:
    chat = Chat(people=People(zhao="123"))
    zhao = chat.client(LINES)
    zhao.send("zhao", "123").take()
    for kind in ("role", "session", "application"):
        chat.people.changes.publish(AccountChanged(kind, chat.people.account("zhao")))  # type: ignore[arg-type]
    assert zhao.connected
    zhao.gone()
    chat.people.changes.publish(AccountChanged("disabled", chat.people.account("zhao")))


def test_wrong_passwords_have_a_bound() -> None:
    chat = Chat(people=People(zhao="123"), flood=False)
    client = chat.client(LINES)
    for number in range(limits.CHAT_TRIES):
        assert client.connected
        client.take()
        client.send("zhao", f"wrong{number}")
    assert client.take().endswith("That is not the password.\r\nToo many tries.  Good bye!\r\n")
    assert not client.connected


def test_who_comes_sees_what_was_said_before() -> None:
    chat = Chat(flood=False)
    bob = chat.line("bob")
    bob.send(*[f"line {n}" for n in range(15)])
    eve = chat.client(LINES)
    eve.send("eve")
    shown = [line for line in eve.take().split("\r\n") if "[bob]" in line]
    assert [line[6:] for line in shown] == [f"[bob] line {n}" for n in range(5, 15)]
    assert [line[6:] for line in eve.ask("/history 2")] == ["[bob] line 13", "[bob] line 14"]


def test_other_rooms_are_marked_and_chinese_commands_work() -> None:
    chat = Chat(lang="zh", flood=False)
    bob, eve = chat.line("bob"), chat.line("eve")
    bob.take()
    assert bob.ask("/加入 游戏")[0] == "你在 游戏。"
    eve.send("hi")
    assert bob.take() == "#大厅 [eve] hi\r\n"
    assert bob.ask("/房间") == ["房间:大厅(2 人), 游戏(1 人)"]
    assert bob.ask("/离开") == ["你离开了 游戏,回到大厅。"]
    eve.take()
    assert bob.ask("/私聊 eve 悄悄话") == ["[你 → eve] 悄悄话"]
    assert eve.take() == "[bob → 你] 悄悄话\r\n"
    assert bob.ask("/在线") == ["这里有 2 人:bob, eve"]
    assert bob.ask("/主题 天气") == ["* bob 把主题改为:天气"]
    assert bob.ask("/改名 老王") == ["你现在叫 老王。"]
    assert eve.take().splitlines() == ["* bob 把主题改为:天气", "* bob 改名为 老王"]


def test_control_characters_are_visible_before_others_see_them() -> None:
    chat = Chat()
    bob, eve = chat.line("bob"), chat.line("eve")
    bob.send("\x1b]0;pwned\x07 \u202eevil")
    assert eve.take() == "[bob] ⟦U+001B⟧]0;pwned⟦U+0007⟧ ⟦U+202E⟧evil\r\n"
    assert "\x1b" not in bob.ask("/\x1bfoo", "/join \x1b", "/msg \x1b x", "/nick \x1b")[0]


def test_a_browser_is_told_where_it_is() -> None:
    client = Chat().client(LINES)
    client.take()
    client.octets(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.take().startswith("HTTP/1.1 421 ")
    assert not client.connected


def test_telnet_options_are_refused_and_erase_keys_work() -> None:
    client = Chat().client(LINES)
    client.take()
    client.octets(b"\xff\xfd\x18bx\x7fob\r\x00")
    octets = client.take_octets()
    assert octets.startswith(b"\xff\xfc\x18")
    assert b"Welcome, bob!" in octets


def test_who_says_nothing_is_let_go() -> None:
    chat = Chat()
    client = chat.client(LINES)
    client.take()
    chat.reactor.advance(limits.CHAT_NAME_WAIT + 1)
    assert client.take() == "You took too long.  Good bye!\r\n"
    assert not client.connected
    named = chat.line("bob")
    chat.reactor.advance(100_000)
    assert named.connected


def test_a_flood_is_slowed_and_not_dropped() -> None:
    chat = Chat()
    bob = chat.line("bob")
    chat.reactor.advance(10)
    bob.send(*[str(n) for n in range(50)])
    assert bob.take().count("[bob]") == 5
    assert bob.transport.producerState == "paused"
    for _ in range(100):
        chat.reactor.advance(0.5)
    assert bob.take().split("\r\n")[-2] == "[bob] 49"
    assert bob.transport.producerState == "producing"


def test_flood_off_is_for_load() -> None:
    chat = Chat(flood=False)
    bob = chat.line("bob")
    bob.send(*[str(n) for n in range(500)])
    assert bob.take().count("[bob]") == 500


def test_what_is_not_stored_is_not_seen_and_its_sender_is_told() -> None:
    class Full(MemoryStore):
        def add(self, draft: Draft) -> "defer.Deferred[object]":
            return defer.fail(OSError("no space left on device"))

    chat = Chat(store=Full())
    bob, eve = chat.line("bob"), chat.line("eve")
    bob.take()
    with capturedLogs() as events:
        bob.send("hello", "again")
    assert bob.take().splitlines() == ["Not sent: the server could not store it.  Try again later."] * 2
    assert eve.take() == ""
    assert len(events) == 1  # talk's own, once
    assert "no space left" in formatEvent(events[0])
    assert "log_failure" not in events[0]


def test_who_leaves_while_a_message_is_stored_harms_nobody() -> None:
    store = WaitingStore()
    chat = Chat(store=store)
    bob, eve = chat.line("bob"), chat.line("eve")
    bob.send("last words")
    bob.gone()
    store.release()
    assert "[bob] last words" in eve.take()
    assert [author.name for author in chat.talk.members("lobby")] == ["eve"]


def test_a_pipe_that_ends_is_served_to_its_end() -> None:
    chat = Chat()
    client = chat.client(LINES)
    client.octets(b"bob\nhello\n/history")
    client.protocol.readConnectionLost()
    assert "[bob] hello" in client.take()
    assert not client.connected
    assert chat.talk.present() == ()


def test_room_messages_that_come_while_entering_are_shown_after_what_was_said_before() -> None:
    class Slow(MemoryStore):
        waiting: "defer.Deferred[None] | None" = None

        def newest(self, room: str, *, before: int | None, limit: int) -> "defer.Deferred[object]":
            found = super().newest(room, before=before, limit=limit)
            if self.waiting is None:
                return found
            return self.waiting.addCallback(lambda _: found)

    store = Slow()
    chat = Chat(store=store)
    bob = chat.line("bob")
    bob.send("one")
    store.waiting = defer.Deferred()
    eve = chat.client(LINES)
    eve.take()
    eve.send("eve")
    bob.send("two")
    assert eve.take() == ""
    store.waiting.callback(None)
    shown = [line for line in eve.take().split("\r\n") if "[bob]" in line]
    assert shown[0].endswith("[bob] one")
    assert shown[1:] == ["[bob] two"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=40) | st.sampled_from([b"\r\n", b"bob\n", b"/join x\n", b"/msg bob \xff"]))
)
def test_any_octets_in_any_pieces_leave_the_chat_standing(pieces: list[bytes]) -> None:
    chat = Chat(flood=False)
    client = chat.client(LINES)
    for piece in pieces:
        if client.connected:
            client.octets(piece)
            chat.reactor.advance(0.1)
    chat.reactor.advance(5)
    bob = chat.line("watcher")
    bob.send("fine")
    assert "[watcher] fine" in bob.take()
    assert chat.reactor.tcpServers[LINES][1].connections >= 1


@pytest.mark.parametrize("door", [LINES, IRC])
def test_a_connection_that_is_gone_leaves_nothing_behind(door: int) -> None:
    chat = Chat()
    client = chat.line("bob") if door == LINES else chat.irc("bob", "#lobby")
    client.octets(b"JOIN #a\r\n/join b\r\n" * 5000)
    session = client.protocol.session
    assert len(session._queue) <= 2 * limits.CHAT_QUEUE
    gc.collect()
    gc.disable()
    try:
        client.gone()
        chat.reactor.advance(0)
        assert not session.busy
        left = weakref.ref(client.protocol)
        client.transport.protocol = client.transport.producer = None  # as a socket's lets go of them
        del client
        assert left() is None
    finally:
        gc.enable()
    assert session.place is None
