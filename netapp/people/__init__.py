"""People: accounts, and whether somebody is who they say.

:mod:`directory` puts the parts together as :class:`People`, and :mod:`checkers` shows them as
``twisted.cred`` wants them.  :mod:`model` has the values, :mod:`names`, :mod:`words` and :mod:`rules`
say which names, words and passwords may be; :mod:`store` and :mod:`rows` keep rows, and :mod:`admin`
is what may be done to them, by services and by ``netapp user``.  :mod:`authentication` is the one way
that every door goes: :mod:`passwords` hashes, :mod:`throttling` slows guessing down, :mod:`trail`
has what is written down of it.  Beside the password stand :mod:`second_factor`,
:mod:`sessions` with their tokens, :mod:`keys`, :mod:`applications` and :mod:`invitations`.  Many
accounts at once are :mod:`lists`: of a class, or to another place.

Names follow RFC 8265 section 3.3 (UsernameCaseMapped), passwords section 4.2 (OpaqueString), hashes
RFC 9106 (Argon2id), one-time codes RFC 6238.  Left out so far: WebAuthn, and tokens that other
services can read by themselves.

This module imports nothing heavy: a plugin may look at it and go without a database.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netapp.core.status.readings import Status
    from netapp.people.directory import People
    from netapp.people.first import FirstCode

__all__ = ["AUDIT_FILE", "KEY_FILE", "first_code_of", "open_people", "secret_of"]

#: What signs and seals within a state directory; its backup belongs beside that of ``people.db``.
KEY_FILE = "people.key"
#: The audit trail.
AUDIT_FILE = "audit.jsonl"


def open_people(state: Path, reactor: Any, *, status: "Status | None" = None) -> "People":
    """The people of one state directory; made there if need be, its threads begin with ``start``.

    :param status: is told how much of the audit trail is kept.
    :raises ConfigError: the directory or its database cannot be used; its key file is gone, and there
        are second factors that were sealed with it.
    """
    import time

    from netapp.core import limits
    from netapp.core.clock import Steady, Wall
    from netapp.core.database import Database
    from netapp.people import codes, settings
    from netapp.people.directory import People
    from netapp.people.store import SqlStore, open_database, rows
    from netapp.people.trail.audit import Audit

    path = open_database(state)
    with rows(state) as opened:
        secret = secret_of(state / KEY_FILE, needed=opened.factors.sealed())
        agreed = settings.read(opened)
        people = People(
            SqlStore(Database(path, reactor)),
            agreed.hasher(),
            reactor,
            time=Steady(time.time, time.monotonic),
            audit=Audit(state / AUDIT_FILE, codes.derived(secret, "audit"), Wall(time.time)),
            secret=secret,
            settings=agreed,
        )
        people.begin(opened)
    if status is not None:
        kept = {"audit_octets": limits.AUDIT_FILE, "audit_files": limits.AUDIT_OLD + 1}
        status.add("retention", "audit", lambda: kept)
    return people


def first_code_of(state: Path, now: float) -> "tuple[bool, FirstCode | None]":
    """Whether nobody has an account in a state directory, and the first administrator's code if one is good.

    :raises ConfigError: as :func:`open_people`.
    """
    from netapp.people import codes, first
    from netapp.people.store import rows

    with rows(state) as opened:
        if opened.accounts.any():
            return False, None
        key = codes.derived(secret_of(state / KEY_FILE, needed=False), "invitation")
        return True, first.standing(opened, key, now)


def secret_of(path: Path, *, needed: bool) -> bytes:
    """The state directory's key; a new one would open nothing that was sealed with the old one.

    :param needed: something was.
    :raises ConfigError: it is gone, and needed; as :func:`netapp.people.codes.key_file`.
    """
    from netapp.errors import ConfigError
    from netapp.people import codes

    if needed and not path.exists():
        raise ConfigError(
            f"the key file {path} is gone, and second factors were sealed with it: put its copy back, "
            "or end them (netapp user totp-reset NAME)"
        )
    return codes.key_file(path)
