"""The state directory's own file of settings, and old log files."""

import os
from pathlib import Path

import pytest
from twisted.internet import task
from twisted.python import usage

from netapp.core import limits, settingsfile
from netapp.core.config import ServiceOptions
from netapp.core.oldlogs import OldLogs, log_file
from netapp.errors import ConfigError


class Options(ServiceOptions):
    table = "echo"


def parsed(state: Path, *arguments: str) -> Options:
    options = Options()
    options.parseOptions([f"--state={state}", *arguments])
    return options


def write(state: Path, text: str, name: str = settingsfile.NAME) -> Path:
    path = state / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_it_is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    assert parsed(tmp_path).settings_path is None
    path = write(tmp_path, 'lang = "en"\n[echo]\nencoding = "gbk"\nlisten = ["tcp:1"]\n')
    options = parsed(tmp_path, "--encoding=utf-8")
    assert (options["lang"], options["encoding"], options["listen"]) == ("en", "utf-8", ("tcp:1",))
    assert options.settings_path == str(path)
    assert options.again()["lang"] == "en"


def test_relative_paths_lead_where_they_were_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twistd goes to its --rundir before anything starts."""
    monkeypatch.chdir(tmp_path)
    Path("netapp.toml").write_text('lang = "zh"\n')
    options = Options()
    options.parseOptions(["--config", "netapp.toml", "--state", "here"])
    (tmp_path / "netapp.toml").write_text('lang = "en"\n')
    monkeypatch.chdir("/")
    assert options.state_path == tmp_path / "here"
    assert options.again()["lang"] == "en"


def test_another_that_is_named_is_read_instead(tmp_path: Path) -> None:
    write(tmp_path, "no TOML at all")
    other = write(tmp_path, 'lang = "en"', "other.toml")
    options = parsed(tmp_path, f"--config={other}")
    assert (options["lang"], options.settings_path) == ("en", str(other))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[echo", "netapp.toml is no TOML"),
        ("bogus = 1", r"netapp\.toml: unknown key 'bogus'"),
        ("lang = 'fr'", r"netapp\.toml: --lang=fr: choose one of zh, en"),
        ("state = '/elsewhere'", "netapp.toml: say --state, this file lies in the state directory"),
    ],
)
def test_one_that_cannot_be_is_named(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(usage.UsageError, match=said):
        parsed(tmp_path)


def test_one_that_others_can_write_is_not_obeyed(tmp_path: Path) -> None:
    write(tmp_path, "").chmod(0o620)
    with pytest.raises(usage.UsageError, match="can be written by others: chmod 600"):
        parsed(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_one_of_another_user_is_not_obeyed(tmp_path: Path) -> None:
    os.chown(write(tmp_path, 'lang = "en"'), 65534, 65534)
    with pytest.raises(ConfigError, match=r"belong to another user: chown 0 .*netapp.toml, or say --config"):
        settingsfile.found(tmp_path)


def test_a_new_one_does_not_replace_what_is_there(tmp_path: Path) -> None:
    path = settingsfile.write_new(tmp_path, "# one")
    assert settingsfile.write_new(tmp_path, "# two") == path
    assert path.read_text() == "# one"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [settingsfile.NAME], "nothing is left behind"


def test_one_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        settingsfile.write_new(tmp_path, "\ud800")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["-1", "1.5", "ten", "36501", "\u0661"])
def test_days_that_cannot_be(tmp_path: Path, given: str) -> None:
    with pytest.raises(usage.UsageError, match=r"--keep-talk=.*write a number of days, 0 to 36500"):
        parsed(tmp_path, f"--keep-talk={given}")


def test_days(tmp_path: Path) -> None:
    assert parsed(tmp_path)["keep-talk"] == limits.TALK_DAYS
    assert parsed(tmp_path, "--keep-talk=0")["keep-talk"] == 0
    write(tmp_path, "keep-talk = 30")
    assert parsed(tmp_path)["keep-talk"] == 30


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "long").write_bytes(b"#" * (limits.SETTINGS + 1))
    for name, said in (
        ("fifo", "no regular file"),
        ("/dev/zero", "no regular file"),
        ("long", "longer than"),
    ):
        with pytest.raises(usage.UsageError, match=said):
            parsed(tmp_path, f"--config={tmp_path / name}")
    assert parsed(tmp_path, f"--config={os.devnull}")["lang"] == "zh"


# Old logs ----------------------------------------------------------------------------------------


def test_where_twistd_logs() -> None:
    assert log_file(None) is None
    assert log_file({"logfile": None, "nodaemon": True}) is None
    assert log_file({"logfile": "-", "nodaemon": True}) is None
    assert log_file({"logfile": "x.log", "syslog": True}) is None
    assert log_file({"logfile": None, "nodaemon": False}) == Path.cwd() / "twistd.log"
    assert log_file({"logfile": "x.log", "nodaemon": True}) == Path.cwd() / "x.log"


def test_the_newest_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    names = [f"x.log.{number}" for number in range(1, limits.LOG_OLD + 4)]
    others = ["x.log", "x.log.old", "x.log.99.gz", "y.log.99", "x.log.77", "x.log.20261120", "x.log.014"]
    for name in names + others:
        (tmp_path / name).touch()
    clock = task.Clock()
    old = OldLogs(tmp_path / "x.log", clock)
    old.startService()
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {*others, *names[: limits.LOG_OLD]}
    (tmp_path / f"x.log.{limits.LOG_OLD + 1}").touch()
    clock.advance(limits.LOG_LOOK)
    assert {each.name for each in tmp_path.iterdir()} == left
    old.stopService()
    assert not clock.getDelayedCalls()


def test_a_folder_that_is_gone_is_told_of_and_no_more(tmp_path: Path) -> None:
    clock = task.Clock()
    old = OldLogs(tmp_path / "gone" / "x.log", clock)
    old.startService()
    assert len(clock.getDelayedCalls()) == 1
