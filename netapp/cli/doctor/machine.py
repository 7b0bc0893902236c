"""What runs us, and what the system grants: versions, descriptors, socket buffers, memory for hashes."""

import os
import platform
import ssl
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from netapp.cli import common
from netapp.cli.doctor.finding import Finding
from netapp.core import limits
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "versions": (
            "Python {python},Twisted {twisted},{openssl}",
            "Python {python}, Twisted {twisted}, {openssl}",
        ),
        "old python": (
            "Python {python} 太旧:需要 3.11 以上",
            "Python {python} is too old: 3.11 or later is needed",
        ),
        "no twisted": ("没有安装 Twisted", "Twisted is not installed"),
        "old twisted": (
            "Twisted {twisted} 太旧:需要 {least} 以上",
            "Twisted {twisted} is too old: {least} or later is needed",
        ),
        "files": ("可同时打开 {count} 个文件", "{count} files may be open at once"),
        "no limit": ("可同时打开的文件数不限", "any number of files may be open at once"),
        "few files": (
            "最多只能同时打开 {count} 个文件,一个监听端口可有 {most} 个连接",
            "at most {count} files may be open at once; a listener may have {most} connections",
        ),
        "small buffer": (
            "UDP 接收缓冲区最多 {octets} 字节:数据报一齐到来时会丢",
            "a UDP socket's buffer is at most {octets} octets: datagrams that come together get lost",
        ),
        "memory": (
            "可用内存 {free},校验密码最多用 {need}",
            "{free} of memory is free; checking passwords takes up to {need}",
        ),
        "little memory": (
            "可用内存只有 {free},同时校验 {threads} 个密码要用 {need}",
            "{free} of memory is free; checking {threads} passwords at once takes {need}",
        ),
    }
)
say: Final = common.words(PHRASES)
_TWISTED: Final = (26, 10)


# Versions ------------------------------------------------------------------------------------


def versions(python: tuple[int, ...], twisted: str | None, openssl: str) -> Finding:
    """:param twisted: its version; None where it is not installed."""
    shown = ".".join(map(str, python[:3]))
    if python < (3, 11):
        cure = "sudo apt install python3  (Debian 12, Ubuntu 24.04)"
        return Finding("versions", "bad", say("old python", python=shown), cure)
    again = f"{sys.executable} -m pip install --upgrade netapp"
    if twisted is None:
        return Finding("versions", "bad", say("no twisted"), again)
    try:
        old = tuple(map(int, twisted.split(".")[:2])) < _TWISTED
    except ValueError:
        old = False
    if old:
        least = ".".join(map(str, _TWISTED))
        return Finding("versions", "bad", say("old twisted", twisted=twisted, least=least), again)
    return Finding("versions", "ok", say("versions", python=shown, twisted=twisted, openssl=openssl))


def read_versions() -> Finding:
    try:
        twisted = metadata.version("twisted")
    except metadata.PackageNotFoundError:
        twisted = None
    openssl = " ".join(ssl.OPENSSL_VERSION.split()[:2])
    return versions(tuple(map(int, platform.python_version_tuple()[:2])) + _patch(), twisted, openssl)


def _patch() -> tuple[int, ...]:
    return (sys.version_info.micro,)


# Descriptors and buffers ---------------------------------------------------------------------


def descriptors(hard: int) -> Finding:
    """:param hard: what a service may raise its limit to; negative for no limit."""
    if hard < 0:
        return Finding("limits", "ok", say("no limit"))
    if hard < limits.CONNECTIONS:
        text = say("few files", count=hard, most=limits.CONNECTIONS)
        cure = f"ulimit -Hn {limits.DESCRIPTORS}  (systemd: LimitNOFILE={limits.DESCRIPTORS})"
        return Finding("limits", "note", text, cure, {"descriptors": hard})
    return Finding("limits", "ok", say("files", count=hard), about={"descriptors": hard})


def receive_buffer(most: int) -> list[Finding]:
    """:param most: net.core.rmem_max, octets."""
    if most >= limits.DOCTOR_BUFFER:
        return []
    cure = f"sudo sysctl -w net.core.rmem_max={limits.DOCTOR_BUFFER}"
    return [Finding("limits", "note", say("small buffer", octets=most), cure, {"rmem_max": most})]


def read_limits(proc: Path = Path("/proc")) -> list[Finding]:
    found = []
    try:
        import resource
    except ImportError:  # not on Windows
        pass
    else:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        found.append(descriptors(-1 if hard == resource.RLIM_INFINITY else hard))
    try:
        most = int((proc / "sys/net/core/rmem_max").read_text())
    except (OSError, ValueError):
        return found
    return found + receive_buffer(most)


# Memory --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Memory:
    """:param free: octets that can be had.  :param threads: passwords that are checked at once."""

    free: int
    threads: int
    each: int = 64 * 2**20


def memory(facts: Memory) -> Finding:
    need = facts.threads * facts.each
    fields: dict[str, object] = {"free": f"{facts.free // 2**20} MiB", "need": f"{need // 2**20} MiB"}
    about: dict[str, object] = {"free": facts.free, "need": need}
    if facts.free < need * 2:  # the services themselves want as much again
        text = say("little memory", **fields, threads=facts.threads)
        return Finding("memory", "note" if facts.free >= need else "bad", text, "netapp user tune", about)
    return Finding("memory", "ok", say("memory", **fields), about=about)


def read_memory(each: int, proc: Path = Path("/proc"), group: Path = Path("/sys/fs/cgroup")) -> list[Finding]:
    """:param each: octets that one hash takes, by the settings of this state directory."""
    frees = []
    try:
        for line in (proc / "meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                frees.append(int(line.split()[1]) * 1024)
        most = (group / "memory.max").read_text().strip()
        if most.isdecimal():
            frees.append(int(most) - int((group / "memory.current").read_text()))
    except (OSError, ValueError, IndexError):
        pass
    threads = min(os.cpu_count() or 1, limits.HASH_THREADS)
    return [memory(Memory(max(0, min(frees)), threads, each))] if frees else []
