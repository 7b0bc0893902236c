"""The state directory."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from twisted.logger import capturedLogs, formatEvent

from netapp.core import limits, state
from netapp.errors import ConfigError

AS_ROOT = os.geteuid() == 0
NOBODY = (65534, 65534)


def test_netapp_state_is_first_then_the_xdg_home() -> None:
    assert state.default_state({"NETAPP_STATE": "/a", "XDG_STATE_HOME": "/b"}) == Path("/a")
    assert state.default_state({"NETAPP_STATE": "", "XDG_STATE_HOME": "/b"}) == Path("/b/netapp")
    assert state.default_state({}) == Path.home() / ".local" / "state" / "netapp"


def test_it_is_made_for_us_alone_and_left_empty(tmp_path: Path) -> None:
    made = state.open_state(tmp_path / "deep" / "state")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert list(made.iterdir()) == []
    assert state.open_state(made) == made


def test_a_file_in_its_place_is_named_with_a_cure(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    for path in (taken, taken / "state"):
        with pytest.raises(
            ConfigError, match=rf"{path} cannot be written \(.*\): choose another with --state"
        ):
            state.open_state(path)


@pytest.mark.skipif(not AS_ROOT, reason="only root may act as another")
def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with state.acting_as(NOBODY), pytest.raises(ConfigError, match="cannot be written"):
        state.open_state(tmp_path)


@pytest.mark.skipif(not AS_ROOT, reason="only root may act as another")
def test_a_directory_of_another_user_is_named_with_its_owner() -> None:
    said = r"cannot be written \(Permission denied; it is root's, who may start netapp, or chown it\): choose"
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        with state.acting_as(NOBODY), pytest.raises(ConfigError, match=said):
            state.open_state(Path(place))


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
def test_one_that_others_can_write_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    with pytest.raises(ConfigError, match=rf"written by others \(mode {mode:04o}\): chmod 700 ") as refused:
        state.open_state(tmp_path / "state")
    assert "\n" not in str(refused.value)
    assert list((tmp_path / "state").iterdir()) == []
    (tmp_path / "state").chmod(0o700)
    state.open_state(tmp_path / "state")


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o704, 0o775])
def test_one_that_is_open_to_others_is_told_of_once(tmp_path: Path, mode: int) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    with capturedLogs() as events:
        state.open_state(tmp_path / "state")
        state.open_state(tmp_path / "state")
    said = [formatEvent(event) for event in events]
    place = tmp_path / "state"
    assert said == [f"the state directory {place} is open to others (mode {mode:04o}): chmod 700 {place}"]


def test_a_lock_that_another_process_holds_is_named_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STATE_LOCK", 0.1)
    held = pytest.raises(ConfigError, match=r"another process holds .*/\.lock, for 0\.1 s already: end it")
    with state.locked(tmp_path), held, state.locked(tmp_path):
        raise AssertionError("held twice")
    with state.locked(tmp_path):
        pass


def test_a_lock_is_held_against_another_process(tmp_path: Path) -> None:
    code = f"""
import fcntl, sys
try:
    fcntl.flock(open({str(tmp_path / ".lock")!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(3)
"""
    with state.locked(tmp_path):
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# twistd --uid ------------------------------------------------------------------------------------


def test_without_a_user_given_the_process_stays_who_it_is() -> None:
    assert state.final_user(None) is None
    assert state.final_user({"uid": None, "gid": None}) is None
    with state.acting_as(None):
        assert os.geteuid() == os.getuid()


@pytest.mark.skipif(not AS_ROOT, reason="only root may act as another")
@pytest.mark.parametrize("uid", [54321, 2**40])
def test_a_user_that_there_is_not_is_the_operators_fault(uid: int) -> None:
    with pytest.raises(ConfigError, match=f"--uid={uid}: there is no such user"):
        state.final_user({"uid": uid, "gid": None})
    assert state.final_user({"uid": 54321, "gid": 54321}) == (54321, 54321)


@pytest.mark.skipif(not AS_ROOT, reason="only root may act as another")
def test_a_user_given_to_twistd_owns_what_is_made() -> None:
    user = state.final_user({"uid": NOBODY[0], "gid": None})
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o777)
        with state.acting_as(user):
            made = state.open_state(Path(place) / "state")
        assert made.stat().st_uid == NOBODY[0]
    assert (os.geteuid(), os.getegid()) == (0, 0)


@pytest.mark.skipif(not AS_ROOT, reason="only root may act as another")
def test_a_failure_leaves_the_process_who_it_was() -> None:
    before = os.geteuid(), os.getegid(), os.getgroups()
    with pytest.raises(ValueError, match="no"), state.acting_as(NOBODY):
        raise ValueError("no")
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before
