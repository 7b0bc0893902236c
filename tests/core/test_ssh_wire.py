"""SSH's messages, and the host's key on disk."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.core.ssh import hostkeys, wire
from netapp.errors import ConfigError, WireError
from tests import real


def test_a_password_request() -> None:
    payload = b"".join(map(wire.string, (b"zhao", b"ssh-connection", b"password")))
    request = wire.parse_request(payload + b"\0" + wire.string(b" \0\r\n "))
    assert request == wire.Request(b"zhao", b"ssh-connection", wire.Password(b" \0\r\n ", False))
    assert "zhao" not in repr(request)
    assert "\\r" not in repr(request)


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_malformed(payload: bytes) -> None:
    for parse in (wire.parse_request, wire.parse_info_response, wire.parse_pty, wire.parse_window_change):
        with suppress(WireError):
            parse(payload)  # type: ignore[operator]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_terminal_has_a_size_that_can_be(columns: int, rows: int) -> None:
    terminal = wire.parse_window_change(wire.uint32(columns) + wire.uint32(rows))
    assert 2 <= terminal.columns <= 4096
    assert 1 <= terminal.rows <= 4096


def test_strings_are_cut_by_nobody() -> None:
    reader = wire.Reader(wire.string(b"ab") + wire.uint32(3) + b"ab")
    assert reader.string() == b"ab"
    with pytest.raises(WireError):
        reader.string()


# Host keys ---------------------------------------------------------------------------------------


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    first = hostkeys.open_host_keys(tmp_path)
    path = tmp_path / hostkeys.MADE
    assert path.stat().st_mode & 0o777 == 0o600
    assert hostkeys.open_host_keys(tmp_path).fingerprints == first.fingerprints
    assert first.algorithms == [b"ssh-ed25519"]
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".ssh")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_a_key_belongs_to_whom_the_state_directory_belongs_to(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    os.chown(state, 65534, 65534)
    hostkeys.open_host_keys(state)
    made = (state / hostkeys.MADE).stat()
    assert (made.st_uid, made.st_gid) == (65534, 65534)


@pytest.mark.real
def test_the_fingerprint_is_the_one_that_ssh_keygen_shows(tmp_path: Path) -> None:
    keygen = real.tool("ssh-keygen", "openssh-client")
    keys = hostkeys.open_host_keys(tmp_path)
    shown = subprocess.run(
        [keygen, "-lf", tmp_path / hostkeys.MADE], capture_output=True, text=True, check=True
    ).stdout.split()
    assert keys.fingerprints == [f"{shown[1]} {shown[-1]}"]


@pytest.mark.real
def test_an_operators_own_keys_are_used_too(tmp_path: Path) -> None:
    keygen = real.tool("ssh-keygen", "openssh-client")
    for name, kind in (("ssh_host_rsa_key", "rsa"), ("ssh_host_ecdsa_key", "ecdsa")):
        subprocess.run([keygen, "-q", "-t", kind, "-N", "", "-f", tmp_path / name], check=True)
    keys = hostkeys.open_host_keys(tmp_path)
    assert keys.algorithms == [b"ssh-ed25519", b"ecdsa-sha2-nistp256", b"rsa-sha2-512", b"rsa-sha2-256"]
    assert [each.split()[1] for each in keys.fingerprints] == ["(ED25519)", "(ECDSA)", "(RSA)"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    hostkeys.open_host_keys(tmp_path)
    (tmp_path / hostkeys.MADE).chmod(0o640)
    with pytest.raises(ConfigError, match=r"can be read by others \(mode 0640\): chmod 600 "):
        hostkeys.open_host_keys(tmp_path)


@pytest.mark.parametrize("octets", [b"", b"no key", b"-----BEGIN OPENSSH PRIVATE KEY-----\n", bytes(100_000)])
def test_a_key_that_is_none_is_refused_in_one_line(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / hostkeys.MADE
    path.write_bytes(octets)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="no private key that can be used: put it back") as told:
        hostkeys.open_host_keys(tmp_path)
    assert "\n" not in str(told.value)


def test_a_key_that_is_no_file_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / hostkeys.MADE, 0o600)
    with pytest.raises(ConfigError, match="no private key"):
        hostkeys.open_host_keys(tmp_path)
    (tmp_path / hostkeys.MADE).unlink()
    (tmp_path / hostkeys.MADE).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        hostkeys.open_host_keys(tmp_path)


def test_a_key_that_cannot_be_made_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        hostkeys.open_host_keys(tmp_path)
    assert os.listdir(tmp_path) == [".lock"]
