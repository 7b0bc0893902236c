"""SSH keys: which lines are taken, and whom one lets in."""

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from netapp.core import limits
from netapp.people import admin
from netapp.people.keys import fingerprint, parse
from netapp.people.model import Account, Refused
from tests.people.place import ELSEWHERE, HOST, Place, now

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl zhao@home"
BLOB = base64.b64decode(LINE.split()[1])


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def zhao(place: Place) -> Account:
    return place.account()


def line(key: object) -> str:
    octets: bytes = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)  # type: ignore[attr-defined]
    return octets.decode()


def test_a_key_is_kept_with_its_fingerprint_and_comment() -> None:
    key = parse(LINE, "id", 5.0)
    assert (key.kind, key.comment, key.blob) == ("ssh-ed25519", "zhao@home", LINE.split()[1])
    assert fingerprint(key.blob) == "SHA256:" + fingerprint(key.blob).removeprefix("SHA256:")
    assert len(fingerprint(key.blob)) == 50


def test_the_kinds_that_are_taken() -> None:
    for key in (
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 2048),
    ):
        assert parse(line(key), "id", 0.0).comment == ""


def test_weak_and_old_ones_are_refused() -> None:
    with pytest.raises(Refused, match="2048"):
        parse(line(rsa.generate_private_key(65537, 1024)), "id", 0.0)
    with pytest.raises(Refused):
        parse("ssh-dss AAAAB3NzaC1kc3MAAACBAJ", "id", 0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-ed25519 AAAA",
        LINE.replace("ssh-ed25519", "ssh-rsa"),
        LINE.replace("ssh-ed25519 ", "ssh-ed25519-cert-v01@openssh.com "),
        'command="x" ' + LINE,
        "ssh-ed25519 " + base64.b64encode(BLOB + b"x").decode(),
        "ssh-ed25519 " + base64.b64encode(BLOB[:-1]).decode(),
        "ssh-ed25519 " + base64.b64encode(struct.pack(">I", 2**32 - 1) + BLOB[4:]).decode(),
        LINE + "x" * limits.LINE,
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_what_is_no_key_is_refused(wrong: str) -> None:
    with pytest.raises(Refused):
        parse(wrong, "id", 0.0)


@given(
    st.text(max_size=200)
    | st.binary(max_size=120).map(lambda o: "ssh-ed25519 " + base64.b64encode(o).decode())
)
def test_no_line_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse(text, "id", 0.0)


def test_l30_a_comment_does_nothing_to_a_terminal() -> None:
    key = parse(LINE + " \x1b[2J\u202e", "id", 0.0)
    assert key.comment.isprintable()
    assert len(parse(LINE + "x" * 500, "id", 0.0).comment) <= limits.LABEL


def test_a_key_lets_in_its_owner_and_its_address_is_known(place: Place, zhao: Account) -> None:
    li = place.account("li", "456")
    key = now(place.people.keys.add(zhao.id, LINE))
    assert now(place.people.keys.offered("ZHAO", BLOB))
    for name in ("li", "nobody", "", b"\xff"):
        assert not now(place.people.keys.offered(name, BLOB))
        assert now(place.people.keys.admit(name, BLOB, ELSEWHERE)) is None
    let_in = now(place.people.keys.admit(b"zhao", BLOB, HOST))
    assert (let_in.id, let_in.seen) == (zhao.id, place.clock.seconds())
    assert now(place.people.keys.of(zhao.id))[0].seen == place.clock.seconds()
    assert place.people.throttle.knows(HOST, {"zhao"}, place.clock.seconds())
    assert not place.people.throttle.knows(ELSEWHERE, {"zhao"}, place.clock.seconds())
    with pytest.raises(Refused, match="no such key"):
        now(place.people.keys.remove(li.id, key.id))
    now(place.people.keys.remove(zhao.id, key.id))
    assert not now(place.people.keys.offered("zhao", BLOB))


def test_a_key_that_lets_in_forgives_no_wrong_passwords(place: Place, zhao: Account) -> None:
    now(place.people.keys.add(zhao.id, LINE))
    for number in range(5):
        place.people.throttle.failed(HOST, ["zhao"], place.clock.seconds(), password=b"%d" % number)
    held = place.people.throttle.account_wait(HOST, ["zhao"], place.clock.seconds())
    assert now(place.people.keys.admit("zhao", BLOB, HOST)) is not None
    assert place.people.throttle.account_wait(HOST, ["zhao"], place.clock.seconds()) == held > 0


def test_l2_a_probe_is_the_same_work_for_every_name(place: Place, zhao: Account) -> None:
    now(place.people.keys.add(zhao.id, LINE))
    for name in ("zhao", "nobody", "no name!", "x" * 5000):
        before = place.store.reads
        now(place.people.keys.offered(name, BLOB + b"x"))
        assert place.store.reads == before + 1


def test_a_disabled_accounts_key_opens_nothing(place: Place, zhao: Account) -> None:
    now(place.people.keys.add(zhao.id, LINE))
    now(place.people.disable("zhao"))
    assert not now(place.people.keys.offered("zhao", BLOB))
    assert now(place.people.keys.admit("zhao", BLOB, HOST)) is None


def test_one_twice_and_one_too_many_are_refused(place: Place, zhao: Account) -> None:
    now(place.people.keys.add(zhao.id, LINE))
    with pytest.raises(Refused, match="already"):
        now(place.people.keys.add(zhao.id, LINE + " again"))
    for _ in range(limits.CREDENTIALS_EACH - 1):
        now(place.people.keys.add(zhao.id, line(ed25519.Ed25519PrivateKey.generate())))
    with pytest.raises(Refused, match="50"):
        now(place.people.keys.add(zhao.id, line(ed25519.Ed25519PrivateKey.generate())))
    now(place.people.keys.add(place.account("li").id, LINE))  # two may have one machine
    with pytest.raises(Refused):
        now(place.people.keys.add("gone", LINE))


def test_a_removed_account_takes_its_keys_along(place: Place, zhao: Account) -> None:
    now(place.people.keys.add(zhao.id, LINE))
    place.store.elsewhere(lambda rows: admin.remove(rows, zhao))
    place.account()
    assert not now(place.people.keys.offered("zhao", BLOB))
