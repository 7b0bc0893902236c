"""``netapp feiq``: a message to FeiQ (飞秋) or IP Messenger, to one address or a network (T28)."""

import getpass
import ipaddress
import os
import socket
import time
from pathlib import Path
from typing import Any, Final

import click

from netapp.cli import common
from netapp.core import access, limits, state
from netapp.core.languages import Phrases
from netapp.core.platform import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK
from netapp.core.text import Tongue
from netapp.errors import ConfigError

PHRASES: Final = Phrases(
    {
        "address": ("{to} 不是地址或网段", "{to} is neither an address nor a network"),
        "public": ("{to} 不是局域网网段,不发送", "{to} is no private network: nothing is sent"),
        "many": ("{to} 超过 {most} 个地址", "{to} has more than {most} addresses"),
        "long": ("消息太长:最多 {most} 字节", "the message is too long: {most} octets at most"),
        "delivered": ("已送达 {to}", "delivered to {to}"),
        "lost": ("{to} 在 {wait:g} 秒内没有回执", "no receipt from {to} within {wait:g} s"),
        "sending": (
            "正在向 {count} 个地址发送,约 {seconds:.0f} 秒",
            "{count} addresses, about {seconds:.0f} s",
        ),
        "sent": ("已向 {count} 个地址发送", "sent to {count} addresses"),
        "failed": ("{to}:有 {count} 个地址无法发送", "{to}: {count} addresses could not be sent to"),
    }
)
say: Final = common.words(PHRASES)
#: IPMSG 3 and 4.2: SENDMSG that asks for a receipt, 0x20 | 0x100; RECVMSG is the receipt.
SEND, RECEIPT = 288, 33

EPILOG = """\b
Examples:
  netapp feiq 你好 --to 192.168.1.20
  netapp feiq 开会了 --to 192.168.1.0/24       to everybody, 50 a second, no receipt awaited"""


@click.command(epilog=EPILOG)
@click.argument("text", metavar="TEXT")
@click.option("--to", required=True, metavar="ADDRESS|CIDR", help="One address, or a private network.")
@click.option("--port", type=click.IntRange(1, 65535), default=2425, metavar="N", help="Their port (2425).")
@common.encoding_option
def feiq(text: str, to: str, port: int, encoding: Any) -> None:
    """Send a message to FeiQ or IP Messenger, in GBK unless --encoding says utf-8.

    One address is asked for its receipt: the exit status is 1 if none comes within 3 s.  A network
    is written to, 50 addresses a second and at most 1024, and nothing is awaited.
    """
    targets = _targets(to)
    number = next_number(state.default_state(os.environ), int(time.time()))
    octets = packet(number, text, Tongue("gbk" if encoding == "auto" else encoding))
    with _socket(port) as sock:
        if len(targets) == 1:
            _deliver(sock, octets, number, (targets[0], port))
        else:
            _spread(sock, octets, targets, port, to)


def packet(number: int, text: str, tongue: Tongue) -> bytes:
    """One message: IPMSG 2.1.  It fails, in one line, when it is too long for some receivers."""
    user, host = (_field(each) for each in (getpass.getuser(), socket.gethostname()))
    head = f"1:{number}:{user}:{host}:{SEND}:".encode("ascii")
    octets = head + tongue.write(text) + b"\x00"
    if len(octets) > limits.FEIQ_PACKET:
        common.fail(say("long", most=limits.FEIQ_PACKET))
    return octets


def next_number(folder: Path, now: int) -> int:
    """A number that is above every one before it: receivers drop what is not (IPMSG 7.7).

    :param folder: where the last one is kept; without it the clock alone must do.
    """
    file = folder / "feiq-number"
    try:
        state.make(folder)
        with state.locked(folder):
            last = _last(file)
            number = max(now, last + 1)
            state.put(file, f"{number}\n")
    except (OSError, ConfigError):
        return now
    return number


def _last(file: Path) -> int:
    try:
        with open(os.open(file, os.O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), "rb") as opened:
            text = opened.read(32).strip()
    except FileNotFoundError:
        return 0
    return int(text) if text.isdigit() else 0


def _field(text: str) -> str:
    """A name as the packet's head takes it: ASCII, no colon, at most 79 octets (IPMSG 2.5)."""
    kept = "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
    return kept.replace(":", ";")[:79] or "netapp"


def _targets(to: str) -> list[str]:
    """The addresses meant.  It fails, in one line, for what should not be written to."""
    try:
        network = ipaddress.IPv4Network(to, strict=False)
    except ValueError:
        return [_address(to)]
    if network.num_addresses == 1:
        return [str(network.network_address)]
    if not any(network.subnet_of(each) for each in access.LOCAL if isinstance(each, ipaddress.IPv4Network)):
        common.fail(say("public", to=to))
    if network.num_addresses > limits.FEIQ_ADDRESSES:
        common.fail(say("many", to=to, most=limits.FEIQ_ADDRESSES))
    return [str(host) for host in network.hosts()]


def _address(name: str) -> str:
    if "/" in name:
        common.fail(say("address", to=name))
    try:
        return str(socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        common.fail(common.trouble(common.as_system(error), name))


def _socket(port: int) -> socket.socket:
    """At their port if it is free here, since some answer nothing else (IPMSG 1.2)."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind(("", port))
    except OSError:
        sock.bind(("", 0))
    return sock


def _deliver(sock: socket.socket, octets: bytes, number: int, to: common.HostPort) -> None:
    """Send copies with the same number until the receipt comes: IPMSG 7.3."""
    began = time.monotonic()
    ends = [*limits.FEIQ_COPIES[1:], limits.FEIQ_RECEIPT]
    for until in ends:
        try:
            sock.sendto(octets, to)
        except OSError as error:
            common.fail(common.trouble(error, common.shown(to)))
        while (left := began + until - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                answer, (host, _) = sock.recvfrom(limits.DATAGRAM)
            except TimeoutError:
                break
            except OSError:
                continue  # an ICMP error says nothing certain
            if host == to[0] and _is_receipt(answer, number):
                common.write(say("delivered", to=to[0]))
                return
    common.fail(say("lost", to=to[0], wait=limits.FEIQ_RECEIPT))


def _is_receipt(octets: bytes, number: int) -> bool:
    fields = octets.split(b":", 5)
    if len(fields) < 6 or not fields[4].isdigit() or len(fields[4]) > 10:
        return False
    named = fields[5].split(b"\x00")[0].strip()
    return int(fields[4]) & 0xFF == RECEIPT and named == str(number).encode("ascii")


def _spread(sock: socket.socket, octets: bytes, targets: list[str], port: int, to: str) -> None:
    failed = 0
    common.note(say("sending", count=len(targets), seconds=len(targets) / limits.FEIQ_PACE))
    for host in targets:
        try:
            sock.sendto(octets, (host, port))
        except OSError:
            failed += 1
        time.sleep(1 / limits.FEIQ_PACE)
    common.write(say("sent", count=len(targets) - failed))
    if failed:
        common.fail(say("failed", to=to, count=failed))
