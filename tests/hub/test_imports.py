"""Each plugin imports what it needs and no more: a small service stays small."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import real

#: What takes its time to import.
HEAVY = {
    *("sqlalchemy", "alembic", "argon2", "dns", "prometheus_client", "click", "rich", "klein"),
    *("twisted.conch", "twisted.web", "twisted.names", "twisted.words"),
}
#: What a service may import of these, once it is built with its default options.
NEEDS = {
    "dns": {"dns"},
    "login": {"sqlalchemy", "argon2", "alembic"},
    "chat": {"sqlalchemy", "argon2", "alembic"},
    "file": {"twisted.web"},
    "udpchat": {"sqlalchemy", "argon2", "alembic"},
    "echo": set(),
}
_PROGRAM = """
import sys
from netapp.core.running import Shared
from netapp.testing import FakeReactor
from netapp.{service}.tap import Options, part
options = Options()
options.parseOptions(["--state={state}"])
part(options, Shared(FakeReactor()))
print(*(name for name in {heavy!r} if name in sys.modules))
"""


def imported(service: str, state: Path) -> set[str]:
    program = _PROGRAM.format(service=service, state=state, heavy=sorted(HEAVY))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=real.environment(state),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.real
@pytest.mark.parametrize("service", NEEDS)
def test_a_service_imports_only_what_it_needs(service: str, tmp_path: Path) -> None:
    first = imported(service, tmp_path)
    assert first <= NEEDS[service]
    assert "alembic" not in imported(service, tmp_path), "migrations are for databases that need them"


@pytest.mark.real
def test_a_plugin_list_imports_nothing_of_netapp(tmp_path: Path) -> None:
    program = (
        "import sys; from twisted.plugin import getPlugins;"
        "from twisted.application.service import IServiceMaker;"
        "print(sorted(p.tapname for p in getPlugins(IServiceMaker) if p.tapname.startswith('netapp')));"
        "print([name for name in sys.modules if name.startswith('netapp')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    plugins, modules = done.stdout.splitlines()
    expected = ["netapp", *(f"netapp-{service}" for service in sorted(NEEDS))]
    assert plugins == str(expected)
    assert modules == "[]"
