"""A client of the directory for tests, and people without a database."""

from collections.abc import Iterable
from typing import Any

from ldaptor.protocols import pureber, pureldap
from twisted.internet import defer

from netapp.core.access import Access
from netapp.core.events import Topic
from netapp.core.metrics import Metrics
from netapp.login.config import Config
from netapp.login.ldap.service import LdapFactory, ldap_factory
from netapp.people.authentication import Verdict
from netapp.people.model import Account, AccountChanged
from netapp.testing import FakeReactor, Transport, connect

BASE = "dc=netapp"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
PAGED, WHO_AM_I = "1.2.840.113556.1.4.319", "1.3.6.1.4.1.4203.1.11.3"


def account(number: int, name: str, shown: str = "", **more: Any) -> Account:
    fields = {"state": "active", "reason": "", "role": "member", "generation": 0, "seen": None} | more
    return Account(
        id=f"{number:032x}", number=number, name=name, shown=shown or name, created=1_790_000_000.0, **fields
    )


ZHAO = account(20_000, "zhao", "Zhao Wei", role="admin")
LI = account(20_001, "li", "Li Na")
MING = account(20_002, "小明", "小明")
GONE = account(20_003, "wang", "Wang", state="disabled")


class FakePeople:
    """Accounts whose password is "123"; what would be said of a try can be said beforehand."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = list(accounts or (ZHAO, LI, MING, GONE))
        self.groups = {"一班": frozenset({LI.id, MING.id}), "empty": frozenset[str]()}
        self.changes: Topic[AccountChanged] = Topic()
        self.tries: list[tuple[bytes, bytes, str, dict[str, object]]] = []
        self.answers: list[defer.Deferred[Account | None]] = []
        self.gets: list[defer.Deferred[Account | None]] = []
        self.broken: Exception | None = None
        self.holds: defer.Deferred[None] | None = None  # until when accounts are being read
        self.reads = 0
        self.opener: str | None = None  # what lets in
        self.gone: set[str] = set()

    def judge(self, name: bytes, password: bytes, source: str, **more: object) -> "defer.Deferred[Verdict]":
        self.tries.append((name, password, source, more))
        if self.answers:
            return defer.ensureDeferred(self._judged(self.answers.pop(0)))
        found = [each for each in self.accounts if each.name == name.decode() and each.active]
        return defer.succeed(
            Verdict(found[0] if found and password == b"123" else None, "", opener=self.opener)
        )

    async def _judged(self, answer: "defer.Deferred[Account | None]") -> Verdict:
        return Verdict(await answer, "")

    async def still(self, account: Account, opener: str | None) -> bool:
        if opener is not None and opener in self.gone:
            return False
        current = await self.get(account.id)
        return current is not None and current.active and current.generation == account.generation

    def get(self, account_id: str) -> "defer.Deferred[Account | None]":
        if self.gets:
            return self.gets.pop(0)
        return defer.succeed(next((each for each in self.accounts if each.id == account_id), None))

    def all(self) -> "defer.Deferred[list[Account]]":
        self.reads += 1
        if self.holds is not None:
            return self.holds.addCallback(lambda _: list(self.accounts))  # type: ignore[return-value]
        return defer.fail(self.broken) if self.broken else defer.succeed(list(self.accounts))

    def members(self) -> "defer.Deferred[dict[str, frozenset[str]]]":
        return defer.succeed(dict(self.groups))


def equal(attribute: str, value: str | bytes) -> Any:
    return pureldap.LDAPFilter_equalityMatch(
        pureldap.LDAPAttributeDescription(attribute), pureldap.LDAPAssertionValue(value)
    )


def at_least(attribute: str, value: str) -> Any:
    return pureldap.LDAPFilter_greaterOrEqual(
        pureldap.LDAPAttributeDescription(attribute), pureldap.LDAPAssertionValue(value)
    )


def at_most(attribute: str, value: str) -> Any:
    return pureldap.LDAPFilter_lessOrEqual(
        pureldap.LDAPAttributeDescription(attribute), pureldap.LDAPAssertionValue(value)
    )


def present(attribute: str) -> Any:
    return pureldap.LDAPFilter_present(attribute)


def pieces(attribute: str, *parts: tuple[str, str]) -> Any:
    """``pieces("cn", ("initial", "zh"), ("any", "w"))``."""
    kinds = {
        "initial": pureldap.LDAPFilter_substrings_initial,
        "any": pureldap.LDAPFilter_substrings_any,
        "final": pureldap.LDAPFilter_substrings_final,
    }
    return pureldap.LDAPFilter_substrings(attribute, [kinds[kind](value) for kind, value in parts])


def all_of(*filters: Any) -> Any:
    return pureldap.LDAPFilter_and(filters)


def one_of(*filters: Any) -> Any:
    return pureldap.LDAPFilter_or(filters)


def none_of(inner: Any) -> Any:
    return pureldap.LDAPFilter_not(inner)


def request(op: Any, number: int = 1, controls: Any = None) -> bytes:
    octets: bytes = pureldap.LDAPMessage(op, id=number, controls=controls).toWire()
    return octets


def bind(name: str | bytes = f"uid=zhao,{PEOPLE}", password: str | bytes = "123", **more: Any) -> Any:
    return pureldap.LDAPBindRequest(dn=name, auth=password, **more)


def search(
    wanted: Any = None, base: str = BASE, scope: int = 2, attributes: Iterable[str] = (), **more: Any
) -> Any:
    return pureldap.LDAPSearchRequest(
        baseObject=base,
        scope=scope,
        filter=wanted or present("objectClass"),
        attributes=list(attributes),
        **more,
    )


def compare(name: str, attribute: str, value: str) -> Any:
    assertion = pureldap.LDAPAttributeValueAssertion(
        pureldap.LDAPAttributeDescription(attribute), pureldap.LDAPAssertionValue(value)
    )
    return pureldap.LDAPCompareRequest(name, assertion)


def page_of(size: int, cookie: bytes = b"", critical: bool = True) -> list[tuple[str, bool, bytes]]:
    value = pureber.BERSequence([pureber.BERInteger(size), pureber.BEROctetString(cookie)])
    return [(PAGED, critical, value.toWire())]


def cookie_of(done: Any) -> bytes | None:
    """The cookie that an answer's control of pages holds."""
    for oid, _, value in done.controls or ():
        assert oid == PAGED.encode()
        control, _ = pureber.berDecodeObject(pureber.BERDecoderContext(), value)
        cookie: bytes = control.data[1].value
        return cookie
    return None


_BASE_CONTEXT = pureldap.LDAPBERDecoderContext(fallback=pureber.BERDecoderContext())
_CONTEXT = pureldap.LDAPBERDecoderContext_TopLevel(
    inherit=pureldap.LDAPBERDecoderContext_LDAPMessage(fallback=_BASE_CONTEXT, inherit=_BASE_CONTEXT)
)


def messages(octets: bytes) -> list[Any]:
    """Answers, as ldaptor reads them."""
    found = []
    while octets:
        message, used = pureber.berDecodeObject(_CONTEXT, octets)
        found.append(message)
        octets = octets[used:]
    return found


class Client:
    """One connection to a directory in memory."""

    def __init__(self, people: Any = None, config: Config | None = None, peer: str = "127.0.0.1") -> None:
        self.people = people or FakePeople()
        self.reactor = FakeReactor()
        self.factory: LdapFactory = ldap_factory(  # type: ignore[assignment]
            config or Config(), self.people, None, self.reactor, Access(), Metrics()
        )
        self.factory.doStart()
        self.protocol: Any
        self.transport: Transport
        self.again(peer)
        self.number = 0

    def again(self, peer: str = "127.0.0.1") -> None:
        """Another connection to the same directory."""
        self.protocol, self.transport = connect(self.factory, (peer, 54321))

    def send(self, octets: bytes) -> list[Any]:
        """:returns: what is answered, with all that leaves by and by."""
        self.protocol.dataReceived(octets)
        return self.answers()

    def answers(self) -> list[Any]:
        octets = b""
        for _ in range(10_000):
            self.reactor.advance(0)
            octets += self.transport.take()
            producer = self.transport.producer
            if producer is None or self.transport.streaming:
                break
            producer.resumeProducing()  # the client has read it
        return messages(octets)

    def ask(self, op: Any, controls: Any = None) -> list[Any]:
        self.number += 1
        return self.send(request(op, self.number, controls))

    def bind(self, *args: Any, **more: Any) -> int:
        """:returns: the result's code."""
        (answer,) = self.ask(bind(*args, **more))
        assert isinstance(answer.value, pureldap.LDAPBindResponse)
        return int(answer.value.resultCode)

    def search(
        self, *args: Any, controls: Any = None, **more: Any
    ) -> tuple[int, dict[str, dict[str, list[str]]]]:
        """:returns: the result's code, and the entries by name."""
        *entries, done = self.ask(search(*args, **more), controls)
        assert isinstance(done.value, pureldap.LDAPSearchResultDone), done
        return int(done.value.resultCode), {
            each.value.objectName.decode(): {
                name.decode(): [value.decode() for value in values] for name, values in each.value.attributes
            }
            for each in entries
        }

    def names(self, *args: Any, **more: Any) -> list[str]:
        """The first values of what a search finds: ``["zhao", "li"]``."""
        code, entries = self.search(*args, **more)
        assert code == 0
        return [name.partition(",")[0].partition("=")[2] for name in entries]
