"""Tokens, application passwords, recovery codes, invitations, and the key they are signed with."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.errors import ConfigError
from netapp.people import codes

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
ID = "0123456789abcdef"
CODE = codes.invitation(ID, KEY)

# Tokens ------------------------------------------------------------------------------------------


def test_a_token_is_known_by_its_look() -> None:
    token = codes.new_token()
    assert token.startswith("netapp_")
    assert len(token) == 59  # 256 bits, five in a character
    assert codes.looks_like_token(token)
    assert codes.looks_like_token(token.encode())
    digest = codes.token_digest(token)
    assert digest is not None
    assert len(digest) == 64
    assert digest == codes.token_digest(token.encode())
    assert token[7:] not in digest
    assert len({codes.new_token() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "word",
    [
        "",
        "netapp_",
        "correct horse battery staple",
        codes.new_token()[:-1],
        codes.new_token() + "0",
        codes.new_token() + " ",
        codes.new_token().upper(),
        codes.new_token().replace("_", "-"),
        codes.new_token()[:-1] + "u",
        codes.new_token()[:-1] + "é",
        "netapp_" + "x" * 10**6,
        "netapp_" + "\0" * 52,
    ],
)
def test_l31_what_is_cut_or_huge_or_of_other_characters_is_no_token(word: str) -> None:
    for shape in (word, word.encode()):
        assert not codes.looks_like_token(shape)
        assert codes.token_digest(shape) is None


@given(st.integers(7, 58), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_l31_a_changed_token_is_looked_for_and_is_not_there(place: int, char: str) -> None:
    token = codes.new_token()
    changed = token[:place] + char + token[place + 1 :]
    assert (codes.token_digest(changed) == codes.token_digest(token)) == (changed == token)


@given(st.one_of(st.text(), st.binary()))
def test_a_password_is_no_token_and_nothing_fails(word: str | bytes) -> None:
    assert not codes.looks_like_token(word)
    assert codes.application_digest(word) is None
    codes.recovery_digest(word)  # any sixteen characters of the alphabet have the shape of one
    assert codes.read(word, KEY) is None


# Passwords to type -------------------------------------------------------------------------------

WAYS: list[Callable[[str], str]] = [
    str.upper,
    str.lower,
    str.title,
    lambda word: word.replace("-", ""),
    lambda word: word.replace("-", " "),
    lambda word: f"  {word}\t",
    lambda word: word.replace("-", "\u2013"),
    lambda word: word.upper().replace("0", "O"),
    lambda word: word.lower().replace("0", "o"),
    lambda word: word.lower().replace("1", "l"),
    lambda word: word.upper().replace("1", "I"),
    lambda word: "".join(chr(ord(char) + 0xFEE0) for char in word),  # full width
]


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_typed_it_is_the_same(way: Callable[[str], str]) -> None:
    for _ in range(20):
        application, (recovery,) = codes.new_application_password(), codes.new_recovery_codes(1)
        assert codes.application_digest(way(application)) == codes.application_digest(application)
        assert codes.recovery_digest(way(recovery)) == codes.recovery_digest(recovery)
        invited = codes.new_invitation_id()
        assert codes.read(way(codes.invitation(invited, KEY)), KEY) == invited
        assert codes.read(way(codes.invitation(invited, KEY)).encode("gb18030"), KEY) == invited


def test_an_application_password_has_its_look_and_85_random_bits() -> None:
    words = {codes.new_application_password() for _ in range(100)}
    assert len(words) == 100
    assert all([len(group) for group in word.split("-")] == [5, 5, 5, 5] for word in words)
    assert len({codes.application_digest(word) for word in words}) == 100
    assert None not in {codes.application_digest(word) for word in words}


def test_a_password_of_twenty_characters_is_seldom_taken_for_an_application_password() -> None:
    assert sum(codes.application_digest(f"{number:020}") is not None for number in range(2000)) < 5


def test_a_mistyped_application_password_is_known_as_such() -> None:
    word = codes.new_application_password()
    wrong = [word[:at] + ("7" if word[at] != "7" else "8") + word[at + 1 :] for at in (0, 7, 22)]
    assert [codes.application_digest(each) for each in wrong].count(None) >= 2


def test_recovery_codes_are_ten_of_80_bits() -> None:
    made = codes.new_recovery_codes(10)
    assert len(set(made)) == 10
    assert all([len(group) for group in code.split("-")] == [4, 4, 4, 4] for code in made)
    assert len({codes.recovery_digest(code) for code in made}) == 10


def test_one_kind_is_never_another() -> None:
    token, application = codes.new_token(), codes.new_application_password()
    (recovery,) = codes.new_recovery_codes(1)
    assert [codes.token_digest(word) is not None for word in (token, application, recovery, CODE)] == [
        True, False, False, False,
    ]  # fmt: skip
    assert [codes.application_digest(word) is not None for word in (token, application, recovery, CODE)] == [
        False, True, False, False,
    ]  # fmt: skip
    assert [codes.recovery_digest(word) is not None for word in (token, application, recovery, CODE)] == [
        False, False, True, False,
    ]  # fmt: skip
    assert [codes.looks_like_invitation(word) for word in (token, application, recovery, CODE)] == [
        False, False, False, True,
    ]  # fmt: skip
    assert not codes.recovery_digest("123456")  # a one-time code


# Invitations -------------------------------------------------------------------------------------


def test_an_invitation_is_an_id_and_its_signature_in_groups() -> None:
    assert [len(group) for group in CODE.split("-")] == [5, 5, 5, 5, 6]
    assert not set(CODE) & set("ILOU")
    assert codes.read(CODE, KEY) == ID
    assert codes.read(CODE.encode(), KEY) == ID


@pytest.mark.parametrize("invited", ["0" * 16, "f" * 16])
def test_the_least_and_the_greatest_id_come_back(invited: str) -> None:
    assert codes.read(codes.invitation(invited, KEY), KEY) == invited


def test_l31_an_invitation_of_another_key_is_none() -> None:
    assert codes.read(CODE, OTHER_KEY) is None


@given(st.data())
def test_l31_a_flipped_bit_anywhere_is_refused(data: st.DataObject) -> None:
    number = codes._decoded(CODE.replace("-", ""))
    flipped = number ^ 1 << data.draw(st.integers(0, 129))
    assert codes.read(codes._encoded(flipped, 26), KEY) is None


@pytest.mark.parametrize(
    "code", ["", CODE[:-1], CODE + "0", CODE * 10**5, "U" + CODE[1:], "-" * 31, "0" * 26]
)
def test_l31_what_is_cut_or_huge_or_no_code_is_refused(code: str) -> None:
    assert codes.read(code, KEY) is None


@given(st.integers(0, 2**130 - 1))
def test_what_is_written_is_read(number: int) -> None:
    assert codes._decoded(codes._encoded(number, 26)) == number


# The key -----------------------------------------------------------------------------------------


def test_a_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = codes.key_file(path)
    assert len(key) == 32
    assert codes.key_file(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["key"]
    assert codes.key_file(tmp_path / "other") != key


def test_those_who_begin_at_once_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: codes.key_file(tmp_path / "key"), range(32)))
    assert len(keys) == 1
    assert os.listdir(tmp_path) == ["key"]


def test_l41_a_key_that_is_gone_is_not_replaced_where_it_was_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is gone: put its copy back"):
        codes.key_file(tmp_path / "key", make=False)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("octets", [b"", b"x" * 31, b"x" * 33])
def test_l41_what_is_no_key_is_told_with_the_cure(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(octets)
    with pytest.raises(ConfigError, match="no key of 32 octets: put its copy back"):
        codes.key_file(path)
    assert path.read_bytes() == octets


def test_l41_a_fifo_or_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        with pytest.raises(ConfigError, match="no key"):
            codes.key_file(tmp_path / name)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_l41_a_key_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    codes.key_file(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        codes.key_file(path)


def test_l41_a_key_that_cannot_be_read_or_made_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be made \(No such file.*--state"):
        codes.key_file(tmp_path / "nowhere" / "key")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match=r"cannot be read \(Too many levels.*--state"):
        codes.key_file(tmp_path / "loop")


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {codes.derived(b"k" * 32, purpose) for purpose in ("invitation", "totp", "throttle", "audit")}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 4
    assert codes.derived(b"k" * 32, "totp") in keys
