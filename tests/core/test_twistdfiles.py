"""The files of twistd's own: a start that cannot write them says so in one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netapp.core.twistdfiles import unwritable
from tests import real

PID = {"pidfile": "twistd.pid", "nodaemon": 1}


def ended() -> int:
    """The number of a process that has gone."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


@pytest.mark.parametrize(
    "options",
    [None, {}, {"pidfile": ""}, PID, {"pidfile": "no/x.pid", "chroot": "/"}, {"logfile": "-"}, {"syslog": 1}],
)
def test_nothing_is_wrong(tmp_path: Path, options: dict[str, object] | None) -> None:
    assert unwritable("netapp-dns", options and {"nodaemon": 1, **options}, tmp_path) is None


def test_a_folder_that_there_is_not(tmp_path: Path) -> None:
    path = tmp_path / "none/x.pid"
    assert unwritable("netapp-dns", {"pidfile": str(path)}, tmp_path) == (
        f"twistd's pid file {path} cannot be written: No such file or directory; "
        "say  twistd --pidfile= netapp-dns  or start it in a folder of your own"
    )
    log = tmp_path / "none/x.log"
    assert unwritable("netapp-dns", {"logfile": str(log)}, tmp_path) == (
        f"twistd's log {log} cannot be written: No such file or directory; start it in a folder of your own, "
        "or say --logfile=FILE, or -n for a log on the terminal"
    )


@pytest.mark.parametrize(("old", "wrong"), [("x", False), ("", False), ("9" * 20, True)])
def test_an_old_pid_file(tmp_path: Path, old: str, wrong: bool) -> None:
    (tmp_path / "twistd.pid").write_text(old)
    assert bool(unwritable("netapp-dns", PID, tmp_path)) == wrong


def test_an_old_pid_file_of_a_process_that_runs_is_twistds_to_tell(tmp_path: Path) -> None:
    (tmp_path / "twistd.pid").write_text(str(os.getpid()))
    assert unwritable("netapp-dns", PID, tmp_path) is None
    (tmp_path / "twistd.pid").write_text(str(ended()))
    assert unwritable("netapp-dns", PID, tmp_path) is None


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root and setpriv")
@pytest.mark.parametrize("old", [False, True])
def test_a_start_in_somebody_elses_folder_is_one_line(tmp_path: Path, old: bool) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o755)
    if old:
        (folder / "twistd.pid").write_text(str(ended()))
    os.chown(folder, 65534, 65534)
    no_root = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    twistd = str(Path(sys.executable).with_name("twistd"))
    done = subprocess.run(
        [
            *no_root,
            twistd,
            "-n",
            "netapp-echo",
            "--listen=tcp:0:interface=127.0.0.1",
            f"--state={tmp_path}/s",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=real.PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert (done.stdout + done.stderr).splitlines() == [
        f"netapp-echo: twistd's pid file {folder}/twistd.pid cannot be written: Permission denied; "
        "say  twistd --pidfile= netapp-echo  or start it in a folder of your own"
    ]
