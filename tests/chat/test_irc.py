"""IRC clients, in memory."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.chat.irc.commands import COMMANDS
from netapp.core import limits
from netapp.talk import Author, Proof
from tests.chat.helpers import IRC, Chat, Client, People
from tests.talk.helpers import WaitingStore, arrive


def numerics(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines]


def registered(chat: Chat, *lines: str) -> list[str]:
    return chat.client(IRC).ask(*lines)


def test_registration_gives_what_clients_wait_for() -> None:
    lines = registered(Chat(), "NICK bob", "USER bob 0 * :Bob")
    assert numerics(lines) == ["001", "002", "003", "004", "005", "251", "254", "255", "375", "372", "376"]
    assert all(line.startswith(":netapp ") and line.split(" ")[2] == "bob" for line in lines)
    assert "CASEMAPPING=ascii" in lines[4]


def test_registration_in_any_order_and_one_octet_at_a_time() -> None:
    client = Chat().client(IRC)
    for octet in b"USER bob 0 * :Bob\nNICK bob\n":
        client.octets(bytes([octet]))
    assert ":netapp 001 bob " in client.take()


def test_cap_holds_registration_until_its_end() -> None:
    client = Chat().client(IRC)
    assert client.ask("CAP LS 302", "NICK bob", "USER bob 0 * :Bob") == [
        ":netapp CAP * LS :echo-message server-time"
    ]
    assert client.ask("CAP REQ :server-time nope") == [":netapp CAP bob NAK :server-time nope"]
    assert client.ask("CAP LIST") == [":netapp CAP bob LIST :"]
    assert client.ask("CAP REQ :server-time") == [":netapp CAP bob ACK :server-time"]
    assert client.ask("CAP REQ :-server-time echo-message") == [
        ":netapp CAP bob ACK :-server-time echo-message"
    ]
    assert client.ask("CAP WHAT") == [":netapp 410 bob WHAT :Invalid CAP command"]
    assert numerics(client.ask("CAP END"))[0] == "001"


def test_of_two_who_register_one_nick_one_gets_it() -> None:
    chat = Chat()
    first, second = chat.client(IRC), chat.client(IRC)
    for client in (first, second):
        client.send("NICK bob")
    assert numerics(second.ask("USER x 0 * :x"))[0] == "001"
    assert first.ask("USER x 0 * :x") == [":netapp 433 bob bob :Nickname is already in use"]
    assert numerics(first.ask("NICK eve"))[0] == "001"


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["JOIN #a"], "451 * :You have not registered"),
        (["WHATEVER"], "451 * :You have not registered"),
        (["NICK"], "431 * :No nickname given"),
        (["NICK :"], "431 * :No nickname given"),
        (["NICK *"], "432 * * :Erroneous nickname"),
        (["NICK #x"], "432 * #x :Erroneous nickname"),
        (["NICK :a b"], "432 * a :Erroneous nickname"),
        (["USER bob"], "461 * USER :Not enough parameters"),
        (["PASS"], "461 * PASS :Not enough parameters"),
        (["PING"], "409 * :No origin specified"),
        (["PING :a b"], "PONG netapp :a b"),
    ],
)
def test_before_registration(lines: list[str], answer: str) -> None:
    assert registered(Chat(), *lines) == [f":netapp {answer}"]


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("NICKSERV_PRIVMSG x", ["421 bob NICKSERV_PRIVMSG :Unknown command"]),
        ("__class__", ["421 bob __CLASS__ :Unknown command"]),
        ("PING tok", ["PONG netapp :tok"]),
        ("USER a b c d", ["462 bob :You may not reregister"]),
        ("PASS x", ["462 bob :You may not reregister"]),
        ("JOIN", ["461 bob JOIN :Not enough parameters"]),
        ("JOIN lobby", ["403 bob lobby :No such channel"]),
        ("JOIN :#a b", ["403 bob #a :No such channel"]),
        ("PART #lobby", ["403 bob #lobby :No such channel"]),
        ("PART #room", ["442 bob #room :You're not on that channel"]),
        ("TOPIC #room :x", ["442 bob #room :You're not on that channel"]),
        ("TOPIC #room", ["331 bob #room :No topic is set"]),
        ("TOPIC #none", ["403 bob #none :No such channel"]),
        ("PRIVMSG", ["411 bob :No recipient given (PRIVMSG)"]),
        ("PRIVMSG #room", ["412 bob :No text to send"]),
        ("PRIVMSG #room :", ["412 bob :No text to send"]),
        ("PRIVMSG #room :x", ["404 bob #room :Cannot send to channel: join it first"]),
        ("PRIVMSG #none :x", ["403 bob #none :No such channel"]),
        ("PRIVMSG nobody :x", ["401 bob nobody :No such nick"]),
        ("PRIVMSG a,b,c,d,e,f,g,h,i :x", ["407 bob i :Too many targets"]),
        ("NOTICE nobody :x", []),
        ("NOTICE #none :x", []),
        ("NOTICE", []),
        ("PRIVMSG eve :\x01VERSION\x01", []),
        ("MODE #room", ["324 bob #room +nt"]),
        ("MODE #room b", ["368 bob #room :End of channel ban list"]),
        ("MODE #room +o eve", ["482 bob #room :You're not channel operator"]),
        ("MODE BOB +i", ["221 bob +i"]),
        ("MODE eve", ["502 bob :Cannot change mode for other users"]),
        ("WHOIS nobody", ["401 bob nobody :No such nick", "318 bob nobody :End of /WHOIS list."]),
        ("WHO nobody", ["315 bob nobody :End of /WHO list."]),
        ("NAMES #none", ["366 bob #none :End of /NAMES list."]),
        ("NAMES", ["366 bob * :End of /NAMES list."]),
        ("USERHOST eve bob nobody", ["302 bob :eve=+guest@netapp bob=+guest@netapp"]),
        ("ISON :eve nobody bob", ["303 bob :eve bob"]),
        ("AWAY :tea", ["306 bob :You have been marked as being away"]),
        ("AWAY", ["305 bob :You are no longer marked as being away"]),
        ("LIST", ["322 bob #lobby 0 :", "322 bob #room 1 :", "323 bob :End of /LIST"]),
        ("LIST #none", ["323 bob :End of /LIST"]),
        ("WHOWAS x", ["406 bob x :There was no such nickname", "369 bob x :End of WHOWAS"]),
        ("NICK bob", []),
        ("NICK eve", ["433 bob eve :Nickname is already in use"]),
        ("PONG x", []),
        ("X" * 511, ["417 bob :Input line was too long"]),
    ],
)
def test_answers(line: str, answers: list[str]) -> None:
    chat = Chat()
    chat.irc("eve", "#room")
    bob = chat.irc("bob")
    assert bob.ask(line) == [f":netapp {answer}" for answer in answers]


def test_a_line_without_end_is_told_counted_and_ends_the_connection() -> None:
    chat = Chat()
    bob = chat.irc("bob")
    bob.take()
    bob.octets(b"X" * 65_000)
    assert bob.take() == "ERROR :Closing link: A line without end\r\n"
    assert bob.protocol.factory.malformed == 1
    assert bob.protocol.closing


def test_joining_shows_the_room_in_order_and_twice_is_silent() -> None:
    chat = Chat()
    eve = chat.irc("eve", "#room")
    eve.send("TOPIC #room :chess")
    bob = chat.irc("bob")
    assert bob.ask("JOIN #Room,bad,#大厅") == [
        ":bob!guest@netapp JOIN #room",
        ":netapp 332 bob #room :chess",
        ":netapp 353 bob = #room :eve bob",
        ":netapp 366 bob #room :End of /NAMES list.",
        ":netapp 403 bob bad :No such channel",
        ":netapp 470 bob #大厅 #lobby :That is this channel",
        ":bob!guest@netapp JOIN #lobby",
        ":netapp 353 bob = #lobby :bob",
        ":netapp 366 bob #lobby :End of /NAMES list.",
    ]
    assert eve.take().split("\r\n")[-2] == ":bob!guest@netapp JOIN #room"
    assert bob.ask("JOIN #room") == []


def test_what_others_do_is_told() -> None:
    chat = Chat(flood=False)
    eve, bob = chat.irc("eve", "#room"), chat.irc("bob", "#room")
    eve.take()
    for line, seen in (
        ("PRIVMSG #room :hi", ":bob!guest@netapp PRIVMSG #room :hi"),
        ("PRIVMSG #room :\x01ACTION waves\x01", ":bob!guest@netapp PRIVMSG #room :\x01ACTION waves\x01"),
        ("NOTICE #room :note", ":bob!guest@netapp NOTICE #room :note"),
        ("PRIVMSG eve :psst", ":bob!guest@netapp PRIVMSG eve :psst"),
        ("TOPIC #room :", ":bob!guest@netapp TOPIC #room :"),
        ("NICK rob", ":bob!guest@netapp NICK :rob"),
        ("PART #room :tired", ":rob!guest@netapp PART #room :tired"),
        ("JOIN #room", ":rob!guest@netapp JOIN #room"),
        ("QUIT :bye", ":rob!guest@netapp QUIT :Quit: bye"),
    ):
        bob.send(line)
        assert eve.take() == seen + "\r\n"


def test_what_one_does_oneself_is_answered() -> None:
    bob = Chat(flood=False).irc("bob", "#room")
    assert bob.ask("PRIVMSG #room :hi") == []
    assert bob.ask("PRIVMSG bob :me") == [":bob!guest@netapp PRIVMSG bob :me"]
    assert bob.ask("TOPIC #room :x") == [":bob!guest@netapp TOPIC #room :x"]
    assert bob.ask("NICK rob") == [":bob!guest@netapp NICK :rob"]
    assert bob.ask("PART #room") == [":rob!guest@netapp PART #room"]
    assert bob.ask("QUIT") == ["ERROR :Closing link: Quit"]
    assert not bob.connected


def test_echo_message_and_server_time_for_those_who_ask() -> None:
    chat = Chat()
    bob = chat.irc("bob", "#room", caps="echo-message server-time")
    stamp = "@time=2023-11-14T22:13:20.000Z "
    assert bob.ask("PRIVMSG #room :hi") == [f"{stamp}:bob!guest@netapp PRIVMSG #room :hi"]
    eve = chat.irc("eve", caps="server-time")
    assert eve.ask("JOIN #room")[-1] == f"{stamp}:bob!guest@netapp PRIVMSG #room :hi"
    plain = chat.irc("joe")
    assert plain.ask("JOIN #room")[-1] == ":netapp 366 joe #room :End of /NAMES list."


def test_who_and_whois() -> None:
    chat = Chat(people=People(zhao="123"))
    zhao = chat.client(IRC)
    zhao.send("PASS 123", "NICK zhao", "USER x 0 * :x", "JOIN #room")
    bob = chat.irc("bob", "#room")
    assert bob.ask("WHO #room") == [
        ":netapp 352 bob #room account netapp netapp zhao H :0 zhao",
        ":netapp 352 bob #room guest netapp netapp bob H :0 bob",
        ":netapp 315 bob #room :End of /WHO list.",
    ]
    assert bob.ask("WHOIS netapp ZHAO") == [
        ":netapp 311 bob zhao account netapp * :zhao",
        ":netapp 319 bob zhao :#room",
        ":netapp 312 bob zhao netapp :netapp",
        ":netapp 330 bob zhao zhao :is logged in as",
        ":netapp 318 bob ZHAO :End of /WHOIS list.",
    ]


def test_an_accounts_nick_needs_its_password() -> None:
    chat = Chat(people=People(zhao="123"))
    user = "USER x 0 * :x"
    assert numerics(registered(chat, "NICK zhao", user)) == ["433"]
    wrong = chat.client(IRC)
    assert wrong.ask("PASS no", "NICK zhao", user) == [
        ":netapp 464 zhao :Password incorrect",
        "ERROR :Closing link: Bad password",
    ]
    assert not wrong.connected
    assert numerics(registered(chat, "PASS 123", "NICK zhao", user))[0] == "001"
    assert chat.talk.author("zhao") == Author("zhao", Proof.ACCOUNT, "id-zhao")
    assert numerics(registered(chat, "PASS 123", "NICK somebody", user))[0] == "001"


def test_both_doors_lead_to_the_same_rooms() -> None:
    chat = Chat(flood=False)
    irc, line = chat.irc("bob", "#lobby"), chat.line("小明")
    assert irc.take() == ":小明!guest@netapp JOIN #lobby\r\n"
    line.send("你好")
    assert irc.take() == ":小明!guest@netapp PRIVMSG #lobby :你好\r\n"
    line.take()
    irc.send("PRIVMSG #lobby :\x0304red\x0f and \x02bold")
    assert line.take() == "[bob] red and bold\r\n"
    irc.send("PRIVMSG 小明 :psst")
    assert line.take() == "[bob -> you] psst\r\n"
    line.send("/msg bob yes")
    assert irc.take() == ":小明!guest@netapp PRIVMSG bob :yes\r\n"
    line.gone()
    assert irc.take() == ":小明!guest@netapp QUIT\r\n"


def test_a_long_text_of_another_door_comes_in_several_lines() -> None:
    chat = Chat()
    irc, line = chat.irc("bob", "#lobby"), chat.line("eve")
    irc.take()
    line.send("字" * 1000)
    octets = irc.take_octets()
    lines = octets.split(b"\r\n")[:-1]
    assert len(lines) > 6
    assert all(len(each) <= 510 for each in lines)
    assert "".join(each.decode().split(" :", 1)[1] for each in lines) == "字" * 1000


def test_each_client_reads_and_writes_its_own_encoding() -> None:
    chat = Chat()
    old, new = chat.irc("old", "#lobby"), chat.irc("new", "#lobby")
    old.take()
    old.send("PRIVMSG #lobby :你好", codec="gbk")
    assert new.take() == ":old!guest@netapp PRIVMSG #lobby :你好\r\n"
    new.send("PRIVMSG #lobby :再见")
    assert old.take("gbk") == ":new!guest@netapp PRIVMSG #lobby :再见\r\n"


@pytest.mark.parametrize("evil", [b"\rQUIT", b"\x00", b"a\r", b"\r\r"])
def test_a_lone_cr_or_nul_is_never_relayed(evil: bytes) -> None:
    chat = Chat()
    bob, eve = chat.irc("bob", "#lobby"), chat.irc("eve", "#lobby")
    bob.octets(b"PRIVMSG #lobby :x" + evil + b"y\r\n")
    octets = eve.take_octets()
    assert octets.endswith(b"y\r\n")
    assert not set(b"\r\n\0") & set(octets[:-2])


def test_silence_is_asked_about_and_then_ended() -> None:
    chat = Chat()
    bob = chat.irc("bob")
    chat.reactor.advance(limits.IRC_SILENCE)
    assert bob.take() == "PING :netapp\r\n"
    bob.send("PONG netapp")
    chat.reactor.advance(limits.IRC_SILENCE)
    assert bob.take() == "PING :netapp\r\n"
    chat.reactor.advance(limits.IRC_PONG)
    assert bob.take() == "ERROR :Closing link: Ping timeout\r\n"
    assert not bob.connected
    assert chat.talk.present() == ()


def test_registration_has_a_time_and_a_number_of_lines() -> None:
    chat = Chat()
    slow, chatty = chat.client(IRC), chat.client(IRC)
    chatty.send(*["PONG"] * limits.IRC_LINES_BEFORE)
    assert chatty.connected
    chatty.send("PONG")
    assert not chatty.connected
    chat.reactor.advance(limits.IRC_REGISTRATION)
    assert slow.take() == "ERROR :Closing link: Registration timed out\r\n"
    assert not slow.connected


def test_a_browser_is_told_where_it_is() -> None:
    client = Chat().client(IRC)
    client.octets(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nNICK bob\r\nUSER x 0 * :x\r\n")
    assert client.take().startswith("HTTP/1.1 421 ")
    assert not client.connected


def test_a_name_is_free_after_a_connection_that_never_registered() -> None:
    chat = Chat()
    client = chat.client(IRC)
    client.send("NICK bob")
    client.gone()
    assert numerics(registered(chat, "NICK bob", "USER x 0 * :x"))[0] == "001"


def test_one_who_leaves_while_arriving_is_not_left_behind() -> None:
    chat = Chat()
    held: list[object] = []
    find = chat.people.find

    def wait(name: str) -> object:
        deferred = find(name)
        deferred.pause()
        held.append(deferred)
        return deferred

    chat.people.find = wait
    client = chat.client(IRC)
    client.send("NICK bob", "USER x 0 * :x")
    client.gone()
    for deferred in held:
        deferred.unpause()  # type: ignore[attr-defined]
    assert chat.talk.present() == ()


def test_a_pong_comes_after_what_was_said_before_is_stored() -> None:
    store = WaitingStore()
    bob = Chat(store=store).irc("bob", "#lobby")
    assert bob.ask("PRIVMSG #lobby :x", "PING 1") == []
    store.release()
    assert bob.take() == ":netapp PONG netapp :1\r\n"


def test_every_command_needs_registration_or_says_so() -> None:
    for name, spec in COMMANDS.items():
        client = Chat().client(IRC)
        lines = client.ask(" ".join([name, "a", "b", "c", "d"]))
        refused = numerics(lines)[:1] == ["451"]
        assert refused is not spec.before, name


def _gibberish() -> st.SearchStrategy[bytes]:
    words = st.sampled_from([*COMMANDS, "#lobby", ":", ",", "bob", "\x01ACTION", "@a=b", "0", "LS", "REQ"])
    lines = st.lists(words | st.text(max_size=10), max_size=8)
    return lines.map(lambda line: " ".join(line).encode() + b"\r\n") | st.binary(max_size=60)


@settings(max_examples=120, deadline=None)
@given(st.lists(_gibberish(), max_size=20), st.booleans())
def test_any_octets_leave_the_chat_standing(pieces: list[bytes], known: bool) -> None:
    chat = Chat(flood=False)
    watcher = chat.irc("watcher", "#lobby")
    client: Client = chat.irc("bob", "#lobby") if known else chat.client(IRC)
    for piece in pieces:
        if client.connected:
            client.octets(piece)
    for octets in (watcher.take_octets(), client.take_octets()):
        for line in octets.split(b"\r\n"):
            assert len(line) <= 510
            assert not set(b"\r\n\0") & set(line)
    assert watcher.ask("PING x") == [":netapp PONG netapp :x"]


def test_one_who_hangs_up_is_gone_at_once_and_gets_no_more() -> None:
    chat = Chat()
    bob, eve = chat.irc("bob", "#lobby"), chat.irc("eve", "#lobby")
    eve.take()
    bob.transport.loseConnection = lambda: None  # its octets take their time
    bob.send("QUIT")
    assert eve.take() == ":bob!guest@netapp QUIT :Quit\r\n"
    bob.take()
    eve.send("PRIVMSG #lobby :x")
    assert bob.take() == ""


def test_a_long_answer_costs_more() -> None:
    chat = Chat()
    for number in range(400):
        arrive(chat.talk, f"somebody_{number:021}", "room")
    bob = chat.irc("bob")
    chat.reactor.advance(5.0)
    answers = bob.ask("WHO #room")
    more = sum(len(answer) + 2 for answer in answers) // limits.CHAT_ANSWER
    assert more == 2
    assert numerics(bob.ask("WHO #room")).count("315") == 1
    assert bob.ask("WHO #room") == []  # five tokens were there, and six are spent
    chat.reactor.advance(0.9)
    assert bob.take() == ""
    chat.reactor.advance(0.2)
    assert " 315 " in bob.take()
