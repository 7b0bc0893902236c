"""netapp where the system is another: ``python -m tests.plain.systems mac|windows FOLDER``.

What a Mac or Windows does not have is taken away, then every command and plugin is imported, and the
plain services start, answer and stop.  Prints what answered.  With more words, they are a command of
netapp's that is run there instead.  What Twisted itself needs of the real
system is imported before: it runs on both by itself, and it is not what is tried here.
"""

import importlib
import os
import select
import selectors
import signal
import socket
import sys
import sysconfig
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.plain import hiding

TAPS = ("echo", "dns", "file", "chat", "login", "udpchat", "hub")
#: Modules and names that only POSIX has.
_MODULES = ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "crypt")
_OS = (
    "getuid geteuid getgid getegid getgroups setuid seteuid setgid setegid setgroups fork forkpty "
    "chown fchown lchown fchmod mkfifo mknod statvfs fstatvfs uname nice setpriority getpriority "
    "pread preadv pwrite sendfile posix_fadvise posix_fallocate setsid getpgid killpg O_CLOEXEC "
    "O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_NOCTTY O_PATH O_TMPFILE O_SYNC O_DSYNC PRIO_PROCESS "
    "sched_getaffinity major minor makedev ST_RDONLY RWF_NOWAIT sysconf"
)
_SIGNALS = "SIGHUP SIGUSR1 SIGUSR2 SIGALRM SIGCHLD SIGQUIT SIGPIPE SIGWINCH SIGTSTP SIGCONT"
_SOCKET = (
    "AF_UNIX AF_NETLINK AF_PACKET SO_REUSEPORT SO_PEERCRED SO_PASSCRED SCM_RIGHTS "
    "MSG_DONTWAIT MSG_NOSIGNAL MSG_ERRQUEUE TCP_INFO TCP_CORK TCP_USER_TIMEOUT TCP_QUICKACK "
    "CMSG_LEN"
)
_LINUX = (
    "TCP_INFO TCP_CORK TCP_USER_TIMEOUT TCP_QUICKACK TCP_KEEPIDLE SO_PEERCRED AF_NETLINK AF_PACKET "
    "MSG_ERRQUEUE"
)


def take(module: Any, names: str) -> None:
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)


def be_mac() -> None:
    """No epoll, no inotify, no openat2; ``sendfile`` as BSD has it."""
    hiding.hide("openat2", "recvmmsg", "inotify")
    linux = os.sendfile

    def sendfile(
        out_fd: int,
        in_fd: int,
        offset: int,
        count: int,
        headers: Any = (),
        trailers: Any = (),
        flags: int = 0,
    ) -> int:
        return linux(out_fd, in_fd, offset, count)

    os.sendfile = sendfile  # type: ignore[assignment]
    take(select, "epoll EPOLLIN EPOLLOUT")
    take(selectors, "EpollSelector")
    selectors.DefaultSelector = selectors.PollSelector  # type: ignore[misc]
    take(socket, _LINUX)
    take(
        os, "posix_fadvise RWF_NOWAIT preadv memfd_create sched_getaffinity O_PATH O_TMPFILE copy_file_range"
    )
    darwin = os.uname_result(("Darwin", "mac", "23", "Darwin Kernel", "arm64"))
    os.uname = lambda: darwin  # type: ignore[assignment]
    proxies = types.ModuleType("_scproxy")  # what urllib asks on a Mac
    proxies._get_proxies = proxies._get_proxy_settings = dict  # type: ignore[attr-defined]
    sys.modules["_scproxy"] = proxies
    _without_paths("/proc")
    sysconfig.get_config_vars()  # read once; there is no Mac's to read
    sys.platform = "darwin"


def be_windows() -> None:
    """No POSIX.  The reactor is select's, as it may be there too."""
    hiding.hide(*hiding.PLAIN)
    take(select, "epoll poll")
    take(selectors, "EpollSelector PollSelector DevpollSelector KqueueSelector")
    selectors.DefaultSelector = selectors.SelectSelector  # type: ignore[misc]
    _reactor()
    for name in _MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    take(os, _OS)
    take(signal, _SIGNALS)
    take(socket, _SOCKET)
    socket.socketpair = _pair_over_tcp  # type: ignore[assignment]
    os.supports_dir_fd = set()  # type: ignore[assignment]
    os.supports_fd = set()  # type: ignore[assignment]
    scandir, opened = os.scandir, os.open

    def no_descriptors(path: Any = ".") -> Any:
        if isinstance(path, int):
            raise TypeError("scandir: path should be string, bytes, os.PathLike or None, not int")
        return scandir(path)

    def no_folders(path: Any, flags: int, mode: int = 0o777) -> int:
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, mode)

    os.scandir, os.open = no_descriptors, no_folders
    _without_paths("/proc")


def _pair_over_tcp(*_: Any) -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        return near, server.accept()[0]


def _without_paths(*hidden: str) -> None:
    """Files of these folders are not there."""
    before = Path.read_text

    def read_text(path: Path, *args: Any, **kwargs: Any) -> str:
        if str(path).startswith(hidden):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return before(path, *args, **kwargs)

    Path.read_text = read_text  # type: ignore[method-assign]


def _reactor() -> Any:
    from twisted.internet import selectreactor

    if "twisted.internet.reactor" not in sys.modules:
        selectreactor.install()
    from twisted.application import internet, service, strports
    from twisted.internet import endpoints, reactor, tcp, udp
    from twisted.scripts import twistd

    assert all((internet, service, strports, endpoints, tcp, udp, twistd))
    return reactor


def import_all() -> int:
    """Every command and every plugin."""
    from netapp.cli.main import COMMANDS

    for where, _ in COMMANDS.values():
        module, _, name = where.partition(":")
        getattr(importlib.import_module(module), name)
    for name in TAPS:
        importlib.import_module(f"netapp.{name}.tap")
    return len(COMMANDS)


def serve(folder: Path) -> None:
    """Start the plain services, ask each as a student's program does, stop them."""
    import threading

    from twisted.internet import reactor

    share = folder / "share"
    share.mkdir()
    (share / "1000.txt").write_bytes(b"x" * 1000)
    (share / "big.bin").write_bytes(b"y" * 3_000_000)
    parts = [
        part("echo", ["--listen=tcp:0:interface=127.0.0.1", "--listen=udp:0:interface=127.0.0.1"]),
        part("dns", ["--listen=udp:0:interface=127.0.0.1", "--record=pc1=192.168.1.7"]),
        part(
            "file", ["--listen=tcp:0:interface=127.0.0.1", f"--root={share}", f"--state={folder / 'state'}"]
        ),
    ]
    outcome: list[str] = []
    for each in parts:
        each.privilegedStartService()
        each.startService()
    ports = [listener.getHost() for each in parts for listener in listeners(each)]

    def ask() -> None:
        try:
            outcome.extend(answers([(host.type, host.port) for host in ports]))
        except Exception as error:
            outcome.append(f"failed: {error!r}")
        reactor.callFromThread(reactor.stop)  # type: ignore[attr-defined]

    thread = threading.Thread(target=ask, daemon=True)
    reactor.callWhenRunning(thread.start)  # type: ignore[attr-defined]
    for each in parts:
        reactor.addSystemEventTrigger("before", "shutdown", each.stopService)  # type: ignore[attr-defined]
    reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]
    print("\n".join(outcome))


def part(name: str, arguments: list[str]) -> Any:
    tap = importlib.import_module(f"netapp.{name}.tap")
    options = tap.Options()
    options.parseOptions(arguments)
    return tap.makeService(options)


def listeners(part: Any) -> list[Any]:
    if hasattr(part, "getHost"):
        return [part]
    return [each for below in getattr(part, "services", ()) for each in listeners(below)]


def answers(ports: list[tuple[str, int]]) -> list[str]:
    (echo_tcp, echo_udp, dns, file) = ports
    assert [kind for kind, _ in ports] == ["TCP", "UDP", "UDP", "TCP"]
    return [
        f"echo tcp {tcp(echo_tcp[1], b'hello', 5).decode()}",
        f"echo udp {udp(echo_udp[1], b'hello').decode()}",
        f"dns {udp(dns[1], b'pc1').decode()}",
        f"file plain {len(tcp(file[1], b'1000.txt', 1000))}",
        f"file http {len(tcp(file[1], b'GET /big.bin HTTP/1.0' + bytes([13, 10, 13, 10]), 3_000_100))}",
        f"reactor {type(sys.modules['twisted.internet.reactor']).__name__}",
    ]


def udp(port: int, octets: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.sendto(octets, ("127.0.0.1", port))
        return client.recvfrom(1024)[0]


def tcp(port: int, octets: bytes, most: int) -> bytes:
    got = b""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(octets)
        while len(got) < most and (more := client.recv(65536)):
            got += more
    return got


SYSTEMS: dict[str, Callable[[], None]] = {"mac": be_mac, "windows": be_windows}


def main(system: str, folder: Path, command: list[str]) -> None:
    SYSTEMS[system]()
    if command:
        from netapp.cli.main import main as netapp

        netapp(command)
    print(f"{import_all()} commands")
    serve(folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
