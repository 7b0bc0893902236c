"""T11's login: one account that everybody knows, in memory, and good for nothing but the verdict."""

from dataclasses import replace
from typing import Any, Final

from twisted.application.service import IService

from netapp.core.running import Shared
from netapp.hub.tutorial.rows import ACCOUNT
from netapp.login.service import login_service
from netapp.login.tap import Options, config_from
from netapp.people import admin
from netapp.people.directory import People
from netapp.people.model import Password
from netapp.people.passwords import Cost, Hasher
from netapp.people.store import MemoryStore

#: The password stands in the tutorials: its hash keeps no secret.
_COST: Final = Cost(memory=8, rounds=1)


def classmates(reactor: Any) -> People:
    """Nobody but the tutorials' account, whoever is in the state directory."""
    store, hasher = MemoryStore(), Hasher(_COST)
    name, password = ACCOUNT
    admin.add(store.rows, name, Password(hasher.hash(password.encode())), reactor.seconds())
    return People(store, hasher, reactor)


def login_part(options: Options, shared: Shared) -> IService:
    """The endpoint.  Whatever ``--allow`` says, it is for private networks: its password is no secret."""
    people = shared.noun("classmates", lambda: classmates(shared.reactor))
    config = replace(config_from(options), allow=(), proxy=(), shell=False)
    return login_service(config, people, shared.metrics, shared.reactor, shared.page)
