"""``netapp doctor``: what is wrong on this machine, each finding with what cures it."""

import os
import platform
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

import click

import netapp
from netapp.cli import common
from netapp.core import limits, state
from netapp.core.languages import Phrases
from netapp.core.text import visible_octets
from netapp.errors import ConfigError

Verdict = Literal["ok", "note", "bad"]

PHRASES: Final = Phrases(
    {
        "ok": ("正常", "ok  "),
        "note": ("注意", "note"),
        "bad": ("异常", "bad "),
        "cure": ("解决办法", "cure"),
        "versions": ("Python {python},Twisted {twisted}", "Python {python}, Twisted {twisted}"),
        "no twisted": ("没有安装 Twisted", "Twisted is not installed"),
        "state": ("状态目录 {path} 可以写入", "the state directory {path} can be written"),
        "no state": ("状态目录 {path} 无法写入", "the state directory {path} cannot be written"),
        "new state": ("状态目录 {path} 还没有建立", "the state directory {path} is not there yet"),
        "clock": ("时钟 {now}", "the clock says {now}"),
        "wrong clock": (
            "时钟 {now} 早于 netapp 的安装时间",
            "the clock says {now}, before netapp was installed",
        ),
        "files": ("可同时打开 {count} 个文件", "{count} files may be open at once"),
        "few files": (
            "只能同时打开 {count} 个文件,一个监听端口可有 {most} 个连接",
            "only {count} files may be open at once; a listener may have {most} connections",
        ),
        "free": ("{port} 空闲({service})", "{port} is free ({service})"),
        "answers": ("{port} 有回应({service}):{answer}", "{port} answers ({service}): {answer}"),
        "taken": ("{port} 被占用({service}),没有回应", "{port} is in use ({service}) and gives no answer"),
        "in use": ("{port} 在使用中({service}),没有去问", "{port} is in use ({service}); it was not asked"),
        "elsewhere": (
            "{port} 在别的地址上被占用({service}),没有去问",
            "{port} is in use on another address ({service}), which was not asked",
        ),
        "denied": ("{port} 没有权限监听({service})", "{port} may not be listened on ({service})"),
    }
)
say: Final = common.words(PHRASES)

#: Seconds that a service may take to answer a probe.
_PROBE: Final = 1.0
#: (service, transport, port, what makes it answer and changes nothing, or None when nothing does).
PORTS: Final = (
    ("netapp-dns", "udp", 8080, b"localhost"),
    ("netapp-dns", "tcp", 8080, b"localhost\n"),
    ("netapp-login", "tcp", 9999, b""),
    ("netapp-chat", "tcp", 7777, b""),
    ("netapp-chat IRC", "tcp", 6667, b"PING :doctor\r\n"),
    ("netapp-file", "tcp", 7878, b"HEAD / HTTP/1.0\r\n\r\n"),
    ("netapp-udpchat", "udp", 9999, b"Q"),  # T15's word for leaving
    ("netapp-udpchat", "udp", 2425, None),
    ("netapp-udpchat", "tcp", 2425, None),
    ("netapp-echo", "tcp", 8888, b"doctor"),
    ("netapp-echo", "udp", 8888, b"doctor"),
)


@dataclass(frozen=True)
class Finding:
    """What was looked at.  :param cure: a command line, or words, that mend it."""

    verdict: Verdict
    text: str
    cure: str = ""


@click.command(epilog="Example:  netapp doctor")
@click.option("--state", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Look at this one.")
def doctor(folder: Path | None) -> None:
    """Look for what is wrong on this machine.

    Versions, the state directory, the clock, file limits, and every default port: free, or answered
    by what.  Each finding names its cure.  The exit status is 1 if something is wrong.
    """
    wrong = False
    for finding in findings(folder or state.default_state(os.environ)):
        wrong = wrong or finding.verdict == "bad"
        common.write(f"{say(finding.verdict)}  {finding.text}")
        if finding.cure:
            common.write(f"      {say('cure')}: {finding.cure}")
    click.get_current_context().exit(int(wrong))


def findings(folder: Path) -> Iterator[Finding]:
    """Everything that is looked at, in order."""
    yield _versions()
    yield _state(folder)
    yield _clock(time.time())
    yield _files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    interface = os.environ.get("NETAPP_INTERFACE") or ""
    for service, transport, port, probe in PORTS:
        yield _port(service, transport, interface, port, probe)


def _versions() -> Finding:
    python = platform.python_version()
    try:
        twisted = metadata.version("twisted")
    except metadata.PackageNotFoundError:
        return Finding("bad", say("no twisted"), f"{sys.executable} -m pip install netapp")
    return Finding("ok", say("versions", python=python, twisted=twisted))


def _state(folder: Path) -> Finding:
    if not folder.exists():  # to look is not to make it
        parent = next(each for each in folder.absolute().parents if each.exists())
        if _takes_files(parent):
            return Finding("ok", say("new state", path=folder))
        return Finding("bad", say("no state", path=folder), f"mkdir -p {folder} (--state DIR)")
    try:
        state.open_state(folder)
    except ConfigError:
        return Finding("bad", say("no state", path=folder), f"chown {os.getuid()} {folder} (--state DIR)")
    return Finding("ok", say("state", path=folder))


def _takes_files(folder: Path) -> bool:
    """Whether something can be made in it: permissions alone do not tell, on /proc or for root."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _clock(now: float) -> Finding:
    shown = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now))
    installed = Path(netapp.__file__).stat().st_mtime
    if now < installed - 86400:
        return Finding("bad", say("wrong clock", now=shown), "timedatectl set-time 'YYYY-MM-DD HH:MM:SS'")
    return Finding("ok", say("clock", now=shown))


def _files(count: int) -> Finding:
    if 0 <= count < limits.CONNECTIONS:
        text = say("few files", count=count, most=limits.CONNECTIONS)
        return Finding("note", text, f"ulimit -n {4 * limits.CONNECTIONS}")
    return Finding("ok", say("files", count=count))


def _port(service: str, transport: str, interface: str, port: int, probe: bytes | None) -> Finding:
    name = f"{transport} {port}"
    try:
        free = _free(transport, interface, port)
    except PermissionError:
        return Finding("bad", say("denied", port=name, service=service), "--listen")
    if free:
        return Finding("ok", say("free", port=name, service=service))
    listeners = f"ss -lnp{transport[0]} 'sport = :{port}'"
    try:
        answer = _answer(transport, interface or "127.0.0.1", port, probe)
    except ConnectionRefusedError:
        cure = f"{listeners}    (NETAPP_INTERFACE=ADDRESS netapp doctor)"
        return Finding("note", say("elsewhere", port=name, service=service), cure)
    if answer is None:
        cure = f"{listeners}    (--listen {transport}:PORT)"
        if probe is None:
            return Finding("note", say("in use", port=name, service=service), cure)
        return Finding("bad", say("taken", port=name, service=service), cure)
    shown = visible_octets(answer.split(b"\n")[0].strip()[:60])
    return Finding("ok", say("answers", port=name, service=service, answer=shown))


def _free(transport: str, interface: str, port: int) -> bool:
    """:raises PermissionError: it may not be listened on."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    with socket.socket(family, kind) as sock:
        if transport == "tcp":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((interface, port))
        except PermissionError:
            raise
        except OSError:
            return False
    return True


def _answer(transport: str, host: str, port: int, probe: bytes | None) -> bytes | None:
    """What a service says, or None.  :param probe: sent first; None asks for nothing.

    :raises ConnectionRefusedError: nothing listens there.
    """
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    if probe is None:
        return None
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as sock:
            sock.settimeout(_PROBE)
            sock.connect((host, port))
            if probe or transport == "udp":
                sock.send(probe)
            return sock.recv(1024) or None
    except ConnectionRefusedError:
        raise
    except OSError:
        return None
