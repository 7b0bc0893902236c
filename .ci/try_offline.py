"""Install from an offline archive where there is no network, run all services, ask each, stop them.

unshare --net sh -c 'ip link set lo up && exec python3 .ci/try_offline.py dist/netapp-*-offline*.tar.gz'
"""

import os
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

CI = Path(__file__).resolve().parent
WAIT = 30.0


def main(archive: str) -> None:
    routes = Path("/proc/net/route").read_text("ascii").splitlines()[1:]
    if routes:
        sys.exit(f"there is a network here, which this must not have: {routes}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unpacked = unpack(archive, folder)
        refuses_what_is_damaged(unpacked, folder)
        began = time.monotonic()
        said = install(unpacked, folder / "place", status=0)
        print(f"ok  installed without a network in {time.monotonic() - began:.0f} s")
        binaries = folder / "place" / ".venv" / "bin"
        if f"{binaries}/twistd --pidfile= -n netapp" not in said:
            sys.exit(f"install.sh did not say how to start:\n{said}")
        install(unpacked, folder / "place", status=0)
        print("ok  installed over itself")
        run_all(binaries, folder)
        subprocess.run([binaries / "python", CI / "try_wheel.py"], check=True)


def unpack(archive: str, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def install(unpacked: Path, place: Path, *, status: int) -> str:
    done = subprocess.run(
        ["sh", unpacked / "install.sh", place],
        env=os.environ | {"LC_ALL": "C", "HOME": "/nowhere", "PIP_INDEX_URL": "https://example.invalid/"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != status:
        sys.exit(f"install.sh ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def refuses_what_is_damaged(unpacked: Path, folder: Path) -> None:
    wheel = next((unpacked / "wheels").glob("netapp-*.whl"))
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[: len(whole) // 2])
    said = install(unpacked, folder / "damaged", status=1)
    wheel.write_bytes(whole)
    if wheel.name not in said or (folder / "damaged").exists():
        sys.exit(f"a damaged archive was not refused:\n{said}")
    print("ok  a damaged archive is refused")
    added = wheel.with_name("netapp-999.0-py3-none-any.whl")
    added.write_bytes(whole)
    said = install(unpacked, folder / "damaged", status=1)
    added.unlink()
    if added.name not in said or (folder / "damaged").exists():
        sys.exit(f"a wheel that is none of the archive's was not refused:\n{said}")
    print("ok  a wheel that is none of the archive's is refused")


def run_all(binaries: Path, folder: Path) -> None:
    """All services in one process, every line that the log says to try, and a clean stop."""
    log = folder / "log"
    path = f"{binaries}:{os.environ['PATH']}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries / "twistd", "--pidfile=", "-n", "netapp", "--interface=127.0.0.1"],
            cwd=folder,
            env=os.environ | {"NETAPP_STATE": str(folder / "state"), "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        tried = subprocess.run(
            [sys.executable, CI / "try_hints.py", log], env=os.environ | {"PATH": path}, check=False
        )
        began = time.monotonic()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT)
    text = log.read_text("utf-8", "replace")
    bad = re.search(r"Traceback|Unhandled|could not be stopped", text)
    if tried.returncode or bad or "Server Shut Down" not in text:
        sys.exit(f"the services did not begin, answer and stop as usual:\n{text}")
    print(f"ok  all services stopped in {time.monotonic() - began:.1f} s, nothing odd in the log")


if __name__ == "__main__":
    main(*sys.argv[1:])
