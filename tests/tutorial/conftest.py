"""Examples as processes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import real

EXAMPLES = real.PROJECT / "docs" / "tutorial" / "examples"


class Example(real.Plugin):
    """A running example, what it has printed so far, and its keyboard."""

    @property
    def port(self) -> int:
        """The port that a server says it has."""
        return int(self.wait_for(r"listening on .*?(\d+)\)?$")[1])

    def type(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def end_of_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def status(self) -> int:
        """Wait for its end.  :returns: the exit status."""
        status = self.process.wait(real.PATIENCE)
        self._reader.join(real.PATIENCE)
        return status


Play = Callable[..., Example]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """``play("t04_name_server", "127.0.0.1", 0)``: the example, until the test ends; none has a traceback."""
    started: list[Example] = []

    def begin(name: str, *arguments: object) -> Example:
        process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)],
            cwd=tmp_path,
            env=real.environment(tmp_path) | {"PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started.append(Example(process))
        return started[-1]

    yield begin
    for example in started:
        example.kill()
        assert example.process.stdin is not None
        assert example.process.stdout is not None
        example.process.stdin.close()
        example.process.stdout.close()
        assert "Traceback" not in example.log, example.log
        assert "Unhandled" not in example.log, example.log
