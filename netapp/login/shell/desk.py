"""Does what a shell asks for, on People, for one visitor and nobody else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet import defer
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.errors import Busy
from netapp.login.realm import Visitor
from netapp.login.shell import operations as op
from netapp.people import keys, qr
from netapp.people.directory import People
from netapp.people.model import Refused


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as it is listed."""

    id: str
    kind: str
    fingerprint: str
    comment: str


class Desk:
    """One visitor's."""

    def __init__(self, people: People, visitor: Visitor) -> None:
        self._people = people
        self._account, self._session = visitor.account, visitor.session
        self._work: dict[type[op.Operation], Callable[[Any], Awaitable[object]]] = {
            op.WhoAmI: self._who_am_i,
            op.ChangePassword: self._change_password,
            op.FactorIsOn: self._factor_is_on,
            op.BeginFactor: self._begin_factor,
            op.ConfirmFactor: self._confirm_factor,
            op.EndFactor: self._end_factor,
            op.ListSessions: self._list_sessions,
            op.Revoke: self._revoke,
            op.MintToken: self._mint,
            op.ListKeys: self._list_keys,
            op.AddKey: self._add_key,
            op.RemoveKey: lambda it: people.keys.remove(self._account.id, it.key, by=self._session.id),
            op.ListApplications: lambda it: people.applications.of(self._account.id),
            op.AddApplication: self._add_application,
            op.RemoveApplication: self._remove_application,
        }

    def perform(self, operation: op.Operation) -> defer.Deferred[object]:
        """Fires with what the operation gives, or with the exception that it raised: never fails.

        What is no refusal and not for want of room is told of here, as often as a log can bear.
        """
        done: defer.Deferred[object] = defer.ensureDeferred(self._perform(operation))
        return done.addErrback(partial(self._failed, type(operation).__name__))

    async def _perform(self, operation: op.Operation) -> object:
        return await self._work[type(operation)](operation)

    def _failed(self, what: str, failure: Failure) -> object:
        if not failure.check(Refused, Busy, defer.CancelledError):
            self._people.faults.tell(f"{what} could not be done for a visitor", failure)
        return failure.value

    async def _who_am_i(self, _: op.WhoAmI) -> op.Me:
        account = await self._people.get(self._account.id) or self._account
        groups = await self._people.groups_of(account.id)
        factor = await self._people.second_factor.state(account.id)
        return op.Me(
            name=account.name,
            shown=account.shown,
            role=account.role,
            groups=tuple(sorted(groups)),
            second_factor=factor.on,
            recovery_left=factor.recovery_left,
            door=self._session.door,
            source=self._session.source,
            since=self._session.created,
        )

    async def _change_password(self, wish: op.ChangePassword) -> None:
        await self._people.change_password(
            self._account.id,
            wish.old,
            wish.new,
            source=self._session.source,
            door=self._session.door,
            keep=self._session.id,
        )

    async def _factor_is_on(self, _: op.FactorIsOn) -> bool:
        return (await self._people.second_factor.state(self._account.id)).on

    async def _begin_factor(self, _: op.BeginFactor) -> op.Enrolment:
        setup = await self._people.second_factor.begin(self._account, by=self._session.id)
        spaces = qr.spaces(setup.uri, columns=limits.SHELL_COLUMNS)
        return op.Enrolment(setup.secret, setup.uri, qr.terminal(setup.uri), spaces)

    async def _confirm_factor(self, wish: op.ConfirmFactor) -> list[str]:
        factor = self._people.second_factor
        return await factor.confirm(self._account.id, wish.code, by=self._session.id)

    async def _end_factor(self, wish: op.EndFactor) -> None:
        factor, policy = self._people.second_factor, self._people.policy
        await factor.end(self._account.id, wish.code, policy=policy, by=self._session.id)

    async def _list_sessions(self, _: op.ListSessions) -> list[op.Sitting]:
        found = await self._people.sessions.of(self._account.id)
        return [
            op.Sitting(
                each.id,
                each.kind,
                each.door,
                each.source,
                each.created,
                each.id == self._session.id,
                each.opener,
            )
            for each in found
        ]

    async def _revoke(self, wish: op.Revoke) -> int:
        return await self._people.sessions.revoke(self._account.id, wish.session, self._session.id)

    async def _mint(self, _: op.MintToken) -> str:
        session = self._session
        return await self._people.sessions.token(
            self._account, door=session.door, source=session.source, by=session.id
        )

    async def _list_keys(self, _: op.ListKeys) -> list[KeyLine]:
        return [_shown(key) for key in await self._people.keys.of(self._account.id)]

    async def _add_key(self, wish: op.AddKey) -> KeyLine:
        return _shown(await self._people.keys.add(self._account.id, wish.line, by=self._session.id))

    async def _add_application(self, wish: op.AddApplication) -> str:
        return await self._people.applications.add(
            self._account.id, wish.label, wish.scopes, by=self._session.id
        )

    async def _remove_application(self, wish: op.RemoveApplication) -> None:
        await self._people.applications.remove(self._account.id, wish.application, by=self._session.id)


def _shown(key: Any) -> KeyLine:
    return KeyLine(key.id, key.kind, keys.fingerprint(key.blob), key.comment)
