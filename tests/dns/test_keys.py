"""Keys: every form they are written in, and that their secrets are never said."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits
from netapp.dns.tsig.keys import (
    KEPT,
    Key,
    Keyring,
    keep,
    kept_keys,
    keyring_of,
    parse_key,
    parse_statements,
    statement,
)
from netapp.errors import ConfigError
from netapp.names.naming import wire_name

SECRET = "MDEyMzQ1Njc4OWFiY2RlZg=="
KEY = Key(wire_name("laptop"), "hmac-sha256", b"0123456789abcdef")


def test_a_key_on_the_command_line() -> None:
    assert parse_key(f"hmac-sha256:laptop:{SECRET}") == KEY
    assert parse_key(f"HMAC-SHA512:Laptop.Lan.:{SECRET}").name == wire_name("laptop.lan")
    assert parse_key(f"hmac-sha384:笔记本:{SECRET}").name == wire_name("笔记本")


@pytest.mark.parametrize(
    "given",
    [
        "", "laptop", "hmac-sha256:laptop", f"hmac-md5:laptop:{SECRET}", f"hmac-sha256::{SECRET}",
        f"hmac-sha256:a b:{SECRET}", "hmac-sha256:laptop:", "hmac-sha256:laptop:not/base64!",
        f"hmac-sha256:laptop:{SECRET * 100}", "hmac-sha256:laptop:@", "hmac-sha256:laptop:@/nowhere/at/all",
        "hmac-sha256:laptop:@/dev/zero", "hmac-sha256:laptop:@/", "hmac-sha256:laptop:@a\0b",
    ],
)  # fmt: skip
def test_what_is_no_key_is_named_in_one_line_without_the_secret(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_key(given)
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    assert "base64!" not in said


def test_a_secret_is_never_shown() -> None:
    assert SECRET not in repr(KEY)
    assert "0123456789abcdef" not in f"{KEY!r} {KEY}"
    assert str(KEY) == "laptop"


def test_a_key_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "laptop.key"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    assert parse_key(f"hmac-sha256:laptop:@{path}") == KEY
    path.write_text(
        "# made by tsig-keygen\n/* all of\n them */\n"
        f'key "other" {{ algorithm hmac-sha512; secret "{SECRET}"; }};\n'
        f"key laptop. {{\n\talgorithm HMAC-SHA256;\n\tsecret {SECRET}; // so it is\n}};\n"
    )
    assert parse_key(f"hmac-sha256:laptop:@{path}") == KEY
    with pytest.raises(ConfigError, match=r"holds hmac-sha512:other, hmac-sha256:laptop"):
        parse_key(f"hmac-sha384:laptop:@{path}")


def test_a_comment_sign_within_quotes_is_none() -> None:
    (key,) = parse_statements(b'key "a" { algorithm hmac-sha256; secret "MDEy//8="; };', "file")
    assert key.secret == b"012\xff\xff"


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("nonsense", 1),
        ('\n\nkey "a" { algorithm hmac-sha256; };', 3),
        ('key "a" { secret "MDEy"; };', 1),
        ('/*\n\n*/\nkey "a" { algorithm hmac-md5; secret "MDEy"; };', 4),
        ('key "a" { algorithm hmac-sha256; secret "MDEy"; };\nzone "." { };', 2),
        ('key "a" { algorithm hmac-sha256; secret "MDEy"; ', 1),
    ],
)
def test_a_broken_file_is_named_by_its_line(written: str, line: int) -> None:
    with pytest.raises(ConfigError, match=rf"^keys\.conf:{line}: "):
        parse_statements(written.encode(), "keys.conf")


@given(st.binary(max_size=200))
def test_any_octets_are_keys_or_a_config_error(octets: bytes) -> None:
    for written in (octets, b'key "a" {' + octets + b"};"):
        try:
            parse_statements(written, "file")
        except ConfigError as error:
            said = str(error)
        else:
            said = ""
        assert "\n" not in said


@given(st.text(max_size=80))
def test_any_text_is_a_key_or_a_config_error(text: str) -> None:
    for given_ in (text, f"hmac-sha256:{text}", f"hmac-sha256:a:{text.replace('@', '')}"):
        try:
            parse_key(given_)
        except ConfigError as error:
            said = str(error)
        else:
            said = ""
        assert "\n" not in said


def test_keys_are_kept_for_nobody_else_to_read(tmp_path: Path) -> None:
    assert kept_keys(tmp_path) == ()
    other = Key(wire_name("printer.lan"), "hmac-sha512", bytes(range(64)))
    keep(tmp_path, [KEY, other])
    assert kept_keys(tmp_path) == (KEY, other)
    assert stat.S_IMODE((tmp_path / KEPT).stat().st_mode) == 0o600
    keep(tmp_path, [other])
    assert kept_keys(tmp_path) == (other,)
    assert parse_statements(statement(KEY).encode(), "") == (KEY,)


def test_the_keys_are_read_again(tmp_path: Path) -> None:
    given = [f"hmac-sha256:laptop:{SECRET}"]
    ring = keyring_of(lambda: given, tmp_path)
    assert ring.get(KEY.name) == KEY
    keep(tmp_path, [Key(wire_name("b"), "hmac-sha512", b"x")])
    ring.reload()
    assert ring.get(KEY.name) == KEY
    assert ring.get(wire_name("b")) is not None
    given[:] = ["nonsense"]
    with pytest.raises(ConfigError):
        ring.reload()
    assert ring.get(KEY.name) == KEY


def test_one_name_is_one_key() -> None:
    with pytest.raises(ConfigError, match="two keys are called laptop"):
        Keyring(lambda: (KEY, Key(KEY.name, KEY.algorithm, b"another")))
    assert Keyring(lambda: (KEY, KEY)).get(KEY.name) == KEY


def test_a_key_that_is_not_there_is_told_with_the_cure() -> None:
    with pytest.raises(
        ConfigError, match=r"^--notify x: there is no key 'desk': .* netapp zone key add desk$"
    ):
        Keyring().named("desk", "--notify x")
    assert Keyring(lambda: (KEY,)).named("Laptop.", "") is KEY


def test_a_reload_reads_the_same_files_after_the_process_has_gone_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keep(Path("state"), [KEY])
    Path("other.key").write_text(SECRET)
    ring = keyring_of(lambda: ("hmac-sha512:other:@other.key",), Path("state"))
    (there := tmp_path / "there").mkdir()
    monkeypatch.chdir(there)
    keep(tmp_path / "state", [KEY, Key(wire_name("printer"), "hmac-sha256", b"newer")])
    ring.reload()
    assert all(ring.get(wire_name(name)) for name in ("laptop", "other", "printer"))


def test_a_secret_that_can_be_guessed_is_warned_of_once() -> None:
    short = Key(wire_name("short"), "hmac-sha256", b"x" * (limits.DNS_KEY_SHORT - 1))
    with capturedLogs() as events:
        ring = Keyring(lambda: (KEY, short))
        ring.reload()
    told = [formatEvent(event) for event in events]
    assert len(told) == 1
    assert "the key short has 15 octets" in told[0]
    assert ring.get(short.name) == short
