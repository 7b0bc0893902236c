"""Who is there, over SSH: tries, questions and keys, as a client of our own asks for them."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from twisted.conch.ssh import keys
from twisted.internet import defer

from netapp.core import limits
from netapp.core.ssh import wire
from netapp.core.ssh.auth import Told
from netapp.core.ssh.wire import string, uint32
from netapp.errors import Busy
from tests.core.sshclient import Dialogue

FAILED = (51, string(b"publickey,keyboard-interactive,password") + b"\0")
TOO_MANY = uint32(14) + string(b"too many authentication failures") + string(b"en")


def password(word: bytes) -> bytes:
    return b"\0" + string(word)


def interactive() -> bytes:
    return string(b"") + string(b"")


def answer(word: bytes) -> bytes:
    return uint32(1) + string(word)


def test_a_password_lets_in_once_and_logs_out_once() -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"password", password(b"wrong"))
    assert dialogue.client.messages[-1] == FAILED
    dialogue.request(b"password", password(b"123"))
    assert dialogue.client.messages[-1] == (52, b"")
    assert dialogue.admission.left == 0
    dialogue.drop()
    assert dialogue.admission.left == 1
    assert dialogue.clock.getDelayedCalls() == []


def test_questions_ask_for_a_password() -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"keyboard-interactive", interactive())
    assert dialogue.client.messages[-1] == (60, string(b"") * 3 + uint32(1) + string(b"password") + b"\0")
    dialogue.say(61, answer(b"123"))
    assert dialogue.client.messages[-1] == (52, b"")
    assert dialogue.gate.tried == [(b"zhao", b"123", None)]


@pytest.mark.parametrize("right", [True, False])
def test_a_code_is_asked_for_whether_the_password_is_right_or_not(right: bool) -> None:
    dialogue = Dialogue().begin()
    dialogue.gate.code = b"654321"
    dialogue.request(b"keyboard-interactive", interactive())
    dialogue.say(61, answer(b"123" if right else b"124"))
    assert dialogue.client.messages[-1] == (60, string(b"") * 3 + uint32(1) + string(b"code") + b"\1")
    dialogue.say(61, answer(b"654321"))
    assert dialogue.client.messages[-1] == ((52, b"") if right else FAILED)
    assert len(dialogue.gate.tried) == 1  # one try for both answers


def test_a_password_alone_is_not_enough_where_a_code_is_wanted() -> None:
    dialogue = Dialogue().begin()
    dialogue.gate.code = b"654321"
    dialogue.request(b"password", password(b"123"))
    assert dialogue.client.messages[-1] == FAILED  # and the client goes on with questions


def test_l40_the_first_none_is_no_try() -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"none")
    assert dialogue.client.messages[-1] == FAILED
    for _ in range(limits.SSH_TRIES - 1):
        dialogue.request(b"none")
        assert dialogue.client.messages[-1] == FAILED
    dialogue.request(b"none")
    assert dialogue.last(1) == TOO_MANY
    assert dialogue.ended


def test_l40_twenty_tries_on_one_connection() -> None:
    dialogue = Dialogue().begin()
    for _ in range(20):
        if not dialogue.ended:
            dialogue.request(b"password", password(b"wrong"))
    assert len(dialogue.gate.tried) == limits.SSH_TRIES
    assert dialogue.last(1) == TOO_MANY
    assert dialogue.ended


def test_l40_twenty_tries_in_one_segment() -> None:
    dialogue = Dialogue().begin()
    for _ in range(20):
        dialogue.client.sendPacket(
            50, string(b"zhao") + string(b"ssh-connection") + string(b"password") + password(b"no")
        )
    dialogue.pump()
    assert len(dialogue.gate.tried) == limits.SSH_TRIES
    assert dialogue.ended


def test_l40_a_hundred_keys_offered() -> None:
    dialogue = Dialogue().begin()
    for number in range(100):
        if not dialogue.ended:
            blob = string(b"ssh-ed25519") + string(bytes([number] * 32))
            dialogue.request(b"publickey", b"\0" + string(b"ssh-ed25519") + string(blob))
    assert len(dialogue.gate.probed) == limits.SSH_TRIES
    assert dialogue.ended


def test_l40_a_password_change_is_refused_and_looked_at_by_nobody() -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"password", b"\1" + string(b"123") + string(b"better"))
    assert dialogue.client.messages[-1] == FAILED
    assert dialogue.gate.tried == []


def test_l40_the_count_does_not_begin_anew_with_the_service() -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"password", password(b"wrong"))
    dialogue.say(5, string(b"ssh-userauth"))
    assert dialogue.ended


def test_no_other_service_can_be_asked_for() -> None:
    for name in (b"ssh-connection", b"\xff", b""):
        dialogue = Dialogue()
        dialogue.client.makeConnection(dialogue.out)
        dialogue.pump()
        dialogue.say(5, string(name))
        assert dialogue.ended
    dialogue = Dialogue().begin()
    dialogue.say(50, string(b"zhao") + string(b"shell") + string(b"password") + password(b"123"))
    assert dialogue.ended
    assert dialogue.gate.tried == []


def test_a_new_request_ends_the_questions_of_the_last() -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"keyboard-interactive", interactive())
    dialogue.request(b"password", password(b"123"))
    assert dialogue.client.messages[-1] == (52, b"")
    assert FAILED not in dialogue.client.messages


def test_questions_without_end_are_bounded() -> None:
    dialogue = Dialogue().begin()
    for _ in range(limits.SSH_REQUESTS):
        dialogue.request(b"keyboard-interactive", interactive())
    assert not dialogue.ended
    dialogue.request(b"keyboard-interactive", interactive())
    assert dialogue.ended
    assert dialogue.gate.tried == []


@pytest.mark.parametrize("payload", [b"", uint32(0), uint32(2) + string(b"a") + string(b"b"), uint32(1)])
def test_answers_that_are_none(payload: bytes) -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"keyboard-interactive", interactive())
    dialogue.say(61, payload)
    assert dialogue.ended
    assert dialogue.factory.malformed == 1


def test_an_answer_to_no_question() -> None:
    dialogue = Dialogue().begin()
    dialogue.say(61, answer(b"123"))
    assert dialogue.ended


def test_l26_who_leaves_while_a_password_is_checked_gives_the_place_up() -> None:
    cancelled: list[object] = []
    dialogue = Dialogue().begin()
    dialogue.gate.waits = defer.Deferred(cancelled.append)
    dialogue.request(b"password", password(b"123"))
    dialogue.drop()
    assert len(cancelled) == 1
    assert dialogue.admission.left == 0


def test_l26_who_was_let_in_too_late_is_logged_out() -> None:
    dialogue = Dialogue().begin()
    dialogue.gate.waits = defer.Deferred(lambda late: late.callback(None))  # done when it is called off
    dialogue.request(b"password", password(b"123"))
    dialogue.drop()
    assert dialogue.admission.left == 1


def test_requests_wait_for_one_another() -> None:
    dialogue = Dialogue().begin()
    dialogue.gate.waits = waits = defer.Deferred()
    dialogue.request(b"password", password(b"wrong"))
    dialogue.request(b"password", password(b"123"))
    assert len(dialogue.gate.tried) == 1
    dialogue.gate.waits = None
    waits.callback(None)
    dialogue.pump()
    assert dialogue.client.messages[-2:] == [FAILED, (52, b"")]


def test_too_many_at_once_and_what_cannot_be_judged_are_told_and_counted() -> None:
    for problem, words in ((Busy(), b"busy"), (Told("so\n"), b"so\r\n"), (OSError(), b"unavailable")):
        dialogue = Dialogue().begin()
        dialogue.gate.problem = problem
        dialogue.request(b"password", password(b"123"))
        assert dialogue.client.messages[-2:] == [(53, string(words) + string(b"")), FAILED]
        dialogue.gate.problem = None
        dialogue.request(b"password", password(b"123"))
        assert dialogue.client.messages[-1] == (52, b"")


def test_l10_a_very_long_name_is_nobodys() -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"password", password(b"123"), user=b"z" * 30_000)
    assert dialogue.client.messages[-1] == FAILED
    assert dialogue.gate.tried == []


# Keys --------------------------------------------------------------------------------------------

PRIVATE = {
    b"ssh-ed25519": keys.Key(ed25519.Ed25519PrivateKey.generate()),
    b"ecdsa-sha2-nistp256": keys.Key(ec.generate_private_key(ec.SECP256R1())),
    b"ecdsa-sha2-nistp521": keys.Key(ec.generate_private_key(ec.SECP521R1())),
    b"rsa-sha2-512": keys.Key(rsa.generate_private_key(65537, 2048)),
}
PRIVATE[b"rsa-sha2-256"] = PRIVATE[b"rsa-sha2-512"]


def signed(dialogue: Dialogue, algorithm: bytes, key: keys.Key, *, using: bytes | None = None) -> bytes:
    blob = key.public().blob()
    request = wire.Request(b"zhao", b"ssh-connection", wire.PublicKey(algorithm, blob, None))
    octets = wire.signed_octets(dialogue.client.sessionID, request, request.method)
    signature = key.sign(octets, signatureType=using or algorithm)
    return b"\1" + string(algorithm) + string(blob) + string(signature)


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_a_key_lets_in_by_its_signature(algorithm: bytes) -> None:
    key = PRIVATE[algorithm]
    dialogue = Dialogue().begin()
    dialogue.gate.blob = key.public().blob()
    dialogue.request(b"publickey", b"\0" + string(algorithm) + string(dialogue.gate.blob))
    assert dialogue.client.messages[-1] == (60, string(algorithm) + string(dialogue.gate.blob))
    dialogue.request(b"publickey", signed(dialogue, algorithm, key))
    assert dialogue.client.messages[-1] == (52, b"")


def test_a_signature_of_something_else_does_not() -> None:
    key = PRIVATE[b"ssh-ed25519"]
    dialogue, other = Dialogue().begin(), Dialogue().begin()
    dialogue.gate.blob = key.public().blob()
    replayed = signed(other, b"ssh-ed25519", key)
    for payload in (replayed, replayed[:-1] + b"\0", signed(dialogue, b"ssh-ed25519", key)[:-70]):
        if not dialogue.ended:
            dialogue.request(b"publickey", payload)
            assert 52 not in dialogue.numbers()


def test_sha_1_is_no_signature_under_any_name() -> None:
    key = PRIVATE[b"rsa-sha2-512"]
    for algorithm in (b"ssh-rsa", b"rsa-sha2-256"):
        dialogue = Dialogue().begin()
        dialogue.gate.blob = key.public().blob()
        dialogue.request(b"publickey", signed(dialogue, algorithm, key, using=b"ssh-rsa"))
        assert dialogue.client.messages[-1] == FAILED


def test_l2_an_unknown_name_and_an_unknown_key_are_answered_alike_by_the_same_way() -> None:
    key = PRIVATE[b"ssh-ed25519"]
    answers = []
    for user, blob in ((b"zhao", b"another"), (b"nobody", key.public().blob())):
        dialogue = Dialogue().begin()
        dialogue.gate.blob = blob
        payload = signed(dialogue, b"ssh-ed25519", key)
        dialogue.request(b"publickey", b"\0" + payload[1:-87], user=user)
        dialogue.request(b"publickey", payload, user=user)
        answers.append(dialogue.client.messages[-2:])
        assert len(dialogue.gate.probed) == 2  # one look each, and no arithmetic
    assert answers[0] == answers[1] == [FAILED, FAILED]


@pytest.mark.parametrize(
    ("algorithm", "blob"),
    [
        (b"ssh-dss", string(b"ssh-dss")),
        (b"ssh-ed25519", string(b"ssh-rsa") + bytes(40)),
        (b"ssh-ed25519", b"\0\0"),
        (b"ssh-ed25519", string(b"ssh-ed25519") + bytes(limits.SSH_KEY)),
        (b"\xff\xfe", b""),
        (b"sk-ssh-ed25519@openssh.com", string(b"sk-ssh-ed25519@openssh.com")),
    ],
)
def test_a_key_that_is_none_is_not_even_looked_up(algorithm: bytes, blob: bytes) -> None:
    dialogue = Dialogue().begin()
    dialogue.request(b"publickey", b"\0" + string(algorithm) + string(blob))
    assert dialogue.client.messages[-1] == FAILED
    assert dialogue.gate.probed == []


def test_a_registered_key_that_cannot_be_read_lets_nobody_in() -> None:
    for blob in (string(b"ssh-ed25519") + string(b"short"), string(b"ssh-rsa") + string(b"\0") * 2):
        dialogue = Dialogue().begin()
        dialogue.gate.blob = blob
        name = b"rsa-sha2-512" if b"rsa" in blob else b"ssh-ed25519"
        payload = b"\1" + string(name) + string(blob) + string(string(name) + string(bytes(64)))
        dialogue.request(b"publickey", payload)
        assert dialogue.client.messages[-1] == FAILED


@given(st.binary(max_size=120))
def test_any_octets_are_a_request_or_malformed(payload: bytes) -> None:
    for number in (50, 61):
        dialogue = Dialogue()
        dialogue.begin()
        dialogue.say(number, payload)
        assert dialogue.ended == (dialogue.factory.malformed == 1) or 51 in dialogue.numbers()
        assert 52 not in dialogue.numbers()
