"""Does each listener answer, on every address of this machine: asked by what changes nothing.

A question logs nobody in, says nothing to anybody, and leaves no line in a service's log.
"""

import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from netapp.cli import common
from netapp.cli.doctor.finding import Finding
from netapp.cli.doctor.settings import Door
from netapp.core import access, limits, listen
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "answers": (
            "{port} 在本机 {count} 个地址上都有回应({service})",
            "{port} answers on {count} addresses of this machine ({service})",
        ),
        "silent": (
            "{port} 在 {where} 上没有回应({service})",
            "{port} gives no answer on {where} ({service})",
        ),
        "refused": (
            "{port} 没有在 {where} 上监听({service})",
            "{port} is not listened on at {where} ({service})",
        ),
        "strange": (
            "{port} 在 {where} 上的回应不像 {service}",
            "{port} answers on {where}, but not as {service} does",
        ),
        "public": (
            "服务不理会来自 {where} 的客户端:不是局域网地址",
            "no service speaks to clients of {where}: it is no local network's address",
        ),
        "loopback only": (
            "只在本机上监听,别的机器连不上:{ports}",
            "these are for this machine alone, others cannot reach them: {ports}",
        ),
    }
)
say: Final = common.words(PHRASES)

#: A name to (what is sent, what the answer begins with).  An empty send waits for what comes by itself.
QUESTIONS: Final[Mapping[str, tuple[bytes, bytes]]] = {
    "name": (b"localhost", b""),
    "name line": (b"localhost\n", b""),
    "banner": (b"", b""),
    "irc": (b"PING :doctor\r\n", b":"),
    "http": (b"HEAD / HTTP/1.0\r\n\r\n", b"HTTP/"),
    "ssh": (b"", b"SSH-"),
    "leave": (b"Q", b""),  # T15's word for leaving; who was not there has not left
    "echo": (b"doctor", b""),
    # A search for the root's own attributes: RFC 4511 section 4.5.1, RFC 4512 section 5.1.
    "ldap": (
        b"\x30\x25\x02\x01\x01\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
        b"\x87\x0bobjectClass\x30\x00",
        b"\x30",
    ),
}


@dataclass(frozen=True)
class Answer:
    """What came from one address.

    :param outcome: ``answer``, ``refused``, ``silent`` or ``strange``.
    """

    host: str
    outcome: str


def judge(
    door: Door,
    answers: Sequence[Answer],
    allow: Sequence[access.Network] = (),
    *,
    process: str = "PID",
) -> list[Finding]:
    """One finding for all addresses that go the same way; :func:`outsiders` has those outside.

    :param allow: networks beside the local ones that may speak to the service.
    :param process: who has the port.
    """
    found = []
    fields: dict[str, object] = {"port": door.place, "service": door.service}
    ways: dict[str, list[str]] = {}
    for each in answers:
        if not _is_outside(each, allow):
            ways.setdefault(each.outcome, []).append(each.host)
    for way, hosts in ways.items():
        where = ", ".join(hosts)
        about: dict[str, object] = {"service": door.service, "port": door.port, "transport": door.transport}
        about |= {"is": way, "addresses": hosts}
        if way == "answer":
            text, cure, bad = say("answers", **fields, count=len(hosts)), "", "ok"
        else:
            text, bad = say(way, **fields, where=where), "bad"
            cure = f"kill {process}  (twistd -n {door.service.partition(' ')[0]} ...)"
            if way == "refused":
                cure = f"{door.option} {door.transport}:{door.port}:interface=\\:\\:"
        found.append(Finding("answer", bad, text, cure, about))  # type: ignore[arg-type]
    return found


def outsiders(answers: Sequence[Answer], allow: Sequence[access.Network] = ()) -> list[Finding]:
    """This machine's addresses that are no local network's: their neighbours are not spoken to."""
    hosts = list(dict.fromkeys(each.host for each in answers if _is_outside(each, allow)))
    if not hosts:
        return []
    cure = " ".join(f"--allow {_network(host)}" for host in hosts)
    text = say("public", where=", ".join(hosts))
    return [Finding("answer", "note", text, cure, {"is": "public", "addresses": hosts})]


def for_this_machine_alone(doors: Sequence[Door]) -> list[Finding]:
    """Services that listen on loopback, as somebody has said they should: one note for all."""
    places = [
        f"{door.transport} {door.port}"
        for door in doors
        if door.transport in ("tcp", "udp") and door.option == "--listen" and access.is_loopback(door.host)
    ]
    if not places:
        return []
    text = say("loopback only", ports=", ".join(dict.fromkeys(places)))
    cure = "--interface ::  (--listen tcp:PORT:interface=\\:\\:)"
    return [Finding("answer", "note", text, cure, {"is": "loopback only", "ports": places})]


def _is_outside(answer: Answer, allow: Sequence[access.Network]) -> bool:
    local = answer.host.startswith("/") or access.is_within(answer.host, (*access.LOCAL, *allow))
    return answer.outcome != "answer" and not local


def _network(host: str) -> str:
    return f"{host}/{32 if ip_address(host).version == 4 else 128}"


def ask(door: Door, host: str) -> Answer:
    """Ask one listener at one address; it takes at most ``limits.DOCTOR_ANSWER`` seconds."""
    send, begins = QUESTIONS.get(door.question, (b"", b""))
    try:
        answer = _stream(door, host, send) if door.transport != "udp" else _datagram(door, host, send)
    except ConnectionRefusedError:
        return Answer(host, "refused")
    except OSError:
        return Answer(host, "silent")
    if not answer:
        return Answer(host, "silent")
    return Answer(host, "answer" if answer.startswith(begins) else "strange")


def _stream(door: Door, host: str, send: bytes) -> bytes:
    with _connected(door, host) as sock:
        if door.question == "connect":
            return b"connected"
        if send:
            sock.sendall(send)
        return sock.recv(256)


def _connected(door: Door, host: str) -> socket.socket:
    if door.transport == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(limits.DOCTOR_ANSWER)
        sock.connect(host)
        return sock
    sock = socket.create_connection((host, door.port), limits.DOCTOR_ANSWER)
    if not door.tls:
        return sock
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # that somebody answers is enough
    return context.wrap_socket(sock)


def _datagram(door: Door, host: str, send: bytes) -> bytes:
    """Twice, since a datagram may be lost.  What another address answers does not count: clients drop it."""
    info = socket.getaddrinfo(host, door.port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0]
    with socket.socket(info[0], socket.SOCK_DGRAM) as sock:
        sock.connect(info[4])
        for wait in (limits.DOCTOR_ANSWER / 4, limits.DOCTOR_ANSWER / 2):
            sock.settimeout(wait)
            sock.send(send)
            try:
                return sock.recv(2048) or b"\0"  # an empty datagram is an answer too
            except TimeoutError:
                continue
    return b""


# Addresses -----------------------------------------------------------------------------------


def addresses_for(door: Door, own: Sequence[str]) -> list[str]:
    """Where a door must answer.  :param own: this machine's addresses."""
    if door.transport == "unix":
        return [door.host]
    if door.host == "::":
        return list(own)
    if door.host in ("", "0.0.0.0"):  # noqa: S104  (compared, not bound)
        return [each for each in own if ":" not in each]
    return [door.host]


def parse_fib(text: str) -> list[str]:
    """This machine's own IPv4 addresses in /proc/net/fib_trie, one each."""
    found: list[str] = []
    last = ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["|--"] and len(words) == 2:
            last = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"] and last not in found:
            found.append(last)
    return found


def parse_if_inet6(text: str) -> list[str]:
    """This machine's own IPv6 addresses; those that are not in use yet, or twice on the link, are not."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) != 6 or int(words[4], 16) & 0x48:  # IFA_F_TENTATIVE, IFA_F_DADFAILED
            continue
        host = str(ip_address(bytes.fromhex(words[0])))
        found.append(f"{host}%{words[5]}" if host.startswith("fe80:") else host)
    return found


def own_addresses(proc: Path = Path("/proc")) -> list[str]:
    """All of them, loopback first; loopback alone where the system does not show them."""
    found: list[str] = []
    for name, parse in (("fib_trie", parse_fib), ("if_inet6", parse_if_inet6)):
        try:
            found += parse((proc / "net" / name).read_text("ascii", "replace"))
        except (OSError, ValueError):
            continue
    found = found or ["127.0.0.1"]
    if not listen.dual_stack():
        found = [each for each in found if ":" not in each]
    return sorted(found, key=lambda host: not access.is_loopback(host))[: limits.DOCTOR_ADDRESSES]
