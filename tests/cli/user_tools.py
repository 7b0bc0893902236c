"""``netapp user`` within the test's own process, as :func:`netapp.cli.main.main` runs it."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from netapp.cli.main import main
from netapp.people import settings, store
from netapp.people.model import Account
from netapp.people.passwords import CHEAP
from netapp.people.rows import Rows


@dataclass(frozen=True)
class Done:
    """What a command has come to."""

    status: int
    out: str
    err: str


class User:
    """``user("add", "zhao", typed="12345678")``: the command on one state directory, in a pipe."""

    def __init__(self, state: Path) -> None:
        self.state = state
        with self.rows() as rows:
            settings.put_cost(rows, CHEAP)

    def __call__(self, *arguments: str | Path, typed: str | bytes = b"") -> Done:
        octets = typed if isinstance(typed, bytes) else typed.encode()
        environment = {"NETAPP_STATE": str(self.state), "LC_ALL": "C.UTF-8", "SUDO_USER": ""}
        with CliRunner().isolation(octets, env=environment) as (out, err, _):
            try:
                main(["user", *map(str, arguments)])
            except SystemExit as ended:
                status = ended.code
        assert isinstance(status, int)
        done = Done(status, out.getvalue().decode(), err.getvalue().decode())
        assert "Traceback" not in done.err
        return done

    def right(self, *arguments: str | Path, typed: str | bytes = b"") -> str:
        """Its output; it must succeed."""
        done = self(*arguments, typed=typed)
        assert done.status == 0, done
        return done.out

    def wrong(self, *arguments: str | Path, typed: str | bytes = b"", status: int = 1) -> str:
        """What it says in one line; it must fail."""
        done = self(*arguments, typed=typed)
        assert (done.status, done.out) == (status, ""), done
        assert done.err.count("\n") == 1, done
        return done.err

    def add(self, name: str, *options: str, password: str = "correct horse") -> None:
        self.right("add", name, "--password-stdin", *options, typed=password)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.right(*arguments, "--json"))

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        with store.rows(self.state) as rows:
            yield rows

    def read(self, work: Callable[[Rows], Any]) -> Any:
        with self.rows() as rows:
            return work(rows)

    def account(self, name: str) -> Account:
        account = self.read(lambda rows: rows.accounts.find(name))
        assert account is not None
        return account

    def audit(self) -> list[dict[str, Any]]:
        """All events so far."""
        path = self.state / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def user(tmp_path: Path) -> User:
    """The command, with hashes that cost nothing."""
    return User(tmp_path / "state")


def operator() -> dict[str, object]:
    """Who runs the tests."""
    import pwd

    return {"by": pwd.getpwuid(os.getuid()).pw_name, "uid": os.getuid()}
