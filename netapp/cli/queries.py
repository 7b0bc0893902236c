"""DNS questions, by dnspython."""

import socket
from typing import Final

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.reversename

from netapp.cli import common
from netapp.core import limits
from netapp.core.languages import Phrases

PHRASES: Final = Phrases(
    {
        "type": ("没有 {kind} 这种记录类型", "there is no record type {kind}"),
        "name": ("{name} 不是有效的域名", "{name} is no domain name"),
        "nxdomain": ("域名 {name} 不存在", "there is no name {name}"),
        "empty": ("{name} 没有 {kind} 记录", "{name} has no {kind} record"),
        "rcode": ("{where} 对 {name} 的回答是 {rcode}", "{where} answers {rcode} to {name}"),
        "garbled": ("{where} 的回答无法解析", "{where} gives no DNS answer"),
        "again": (
            "{where} {wait:g} 秒内没有回应,正在重试...",
            "no answer from {where} within {wait:g} s, asking again ...",
        ),
        "silent": ("{where} 没有回应", "{where} does not answer"),
        "resolver": ("找不到本机的域名服务器", "this machine names no name server"),
    }
)
say: Final = common.words(PHRASES)


class Queries:
    """Asks one server.  :param server: by default the first of this machine's own."""

    def __init__(self, server: common.HostPort | None, kind: str, *, tcp: bool, short: bool) -> None:
        self._tcp, self._short = tcp, short
        try:
            self._kind = dns.rdatatype.from_text(kind)
        except (dns.rdatatype.UnknownRdatatype, ValueError):
            common.fail(say("type", kind=kind))
        self._host, self._port = server or _system_server()
        self._where = common.shown((self._host, self._port))
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
        except (OSError, UnicodeError) as error:
            common.fail(common.trouble(common.as_system(error), self._where))
        self._family, self._sockaddr = found[0], found[4]
        self._address = str(found[4][0])

    def ask(self, name: str) -> bool:
        """Show the answer's records.  :returns: whether there are any."""
        try:
            qname = _name(name)
        except (dns.exception.DNSException, UnicodeError):
            common.complain(say("name", name=name))
            return False
        answer = self._answer(dns.message.make_query(qname, self._kind, use_edns=0, payload=1232))
        kind = dns.rdatatype.to_text(self._kind)
        if answer.rcode() == dns.rcode.NXDOMAIN:
            common.complain(say("nxdomain", name=name))
        elif answer.rcode() != dns.rcode.NOERROR:
            rcode = dns.rcode.to_text(answer.rcode())
            common.complain(say("rcode", where=self._where, name=name, rcode=rcode))
        elif not answer.answer:
            common.complain(say("empty", name=name, kind=kind))
        for rrset in answer.answer:
            for line in rrset.to_text().split("\n"):
                common.write(line.split(None, 4)[-1] if self._short else "\t".join(line.split(None, 4)))
        return bool(answer.answer)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        for number, wait in enumerate(limits.COMMAND_TRIES, 1):
            try:
                if self._tcp:
                    return dns.query.tcp(query, self._address, wait, self._port)
                return self._over_udp(query, wait)
            except dns.exception.Timeout:
                if number < len(limits.COMMAND_TRIES):
                    common.note(say("again", where=self._where, wait=wait))
            except OSError as error:
                common.fail(common.trouble(error, self._where))
            except (dns.exception.DNSException, EOFError):
                common.fail(say("garbled", where=self._where))
        return common.fail(say("silent", where=self._where))

    def _over_udp(self, query: dns.message.Message, wait: float) -> dns.message.Message:
        """Connected, so that a port where nobody is says so at once."""
        with socket.socket(self._family, socket.SOCK_DGRAM) as sock:
            sock.connect(self._sockaddr)
            sock.setblocking(False)
            return dns.query.udp_with_fallback(query, self._address, wait, self._port, udp_sock=sock)[0]


def _name(text: str) -> dns.name.Name:
    try:
        return dns.reversename.from_address(text)
    except dns.exception.SyntaxError:
        return dns.name.from_text(text)


def _system_server() -> common.HostPort:
    try:
        resolver = dns.resolver.Resolver()
    except dns.exception.DNSException:
        common.fail(say("resolver"))
    return str(resolver.nameservers[0]), resolver.port
