"""The socket at which a process tells of its zones: ``STATE/run/zones-PID.sock``, for its owner alone.

There may be a hundred thousand of them, so they are told as the asker reads.  A question is one
line, an origin or ``*`` for all; the answer is a JSON object a line, and the end of the stream.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from twisted.internet import interfaces, protocol
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.log import callWithContext
from zope.interface import implementer

from netapp.core import limits
from netapp.core.state import open_state
from netapp.core.status import neighbours
from netapp.errors import ConfigError

#: Gives what there is to tell of an origin, or of all for ``*``.
Tell = Callable[[str], Iterator[dict[str, Any]]]
#: In this context what Twisted says of a port has no text.
_SILENT: Final = {"log_format": ""}
#: Zones told in one turn of the reactor.
_TURN: Final = 200


def name_of(pid: int) -> str:
    """The socket's name in the folder of sockets."""
    return f"zones-{pid}.sock"


@implementer(interfaces.IPullProducer)
class _Talk(protocol.Protocol):
    """One asker."""

    transport: Any

    def __init__(self, talks: "_Talks") -> None:
        self._talks = talks

    def connectionMade(self) -> None:
        self._asked = b""
        self._rows: Iterator[dict[str, Any]] | None = None
        self._talks.count += 1
        self._timer = self._talks.reactor.callLater(limits.STATUS_WAIT, self.transport.abortConnection)
        if self._talks.count > limits.STATUS_WAITING:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        self._talks.count -= 1
        if self._timer.active():
            self._timer.cancel()

    def dataReceived(self, data: bytes) -> None:
        if self._rows is not None:
            return
        self._asked += data
        if len(self._asked) > limits.STATUS_LINE:
            self.transport.abortConnection()
        elif b"\n" in self._asked:
            self._timer.reset(limits.STALLED)
            self._rows = self._talks.tell(self._asked.partition(b"\n")[0].decode("utf-8", "replace"))
            self.transport.registerProducer(self, False)

    def resumeProducing(self) -> None:
        assert self._rows is not None
        lines = [json.dumps(each, ensure_ascii=False) for each in islice(self._rows, _TURN)]
        self.transport.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        if len(lines) < _TURN:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def stopProducing(self) -> None:
        self._rows = iter(())


class _Talks(protocol.Factory):
    noisy = False

    def __init__(self, tell: Tell, reactor: Any) -> None:
        self.tell, self.reactor, self.count = tell, reactor, 0

    def buildProtocol(self, addr: object) -> _Talk:
        return _Talk(self)


class ZonesDoor:
    """:param state: the state directory."""

    _log = Logger()

    def __init__(self, state: Path, tell: Tell, reactor: Any) -> None:
        self._state, self._tell, self._reactor = state, tell, reactor
        self._port: Any = None

    def start(self) -> None:
        """Open it; a process that cannot serves all the same, and ``netapp zone`` sees no zones of it."""
        if not hasattr(socket, "AF_UNIX"):
            return
        try:
            folder = open_state(self._state) / neighbours.FOLDER
            folder.mkdir(mode=0o700, exist_ok=True)
            for each in folder.glob("zones-*.sock"):
                neighbours.sweep(each, self._reactor.seconds())
            path = str(folder.absolute() / name_of(os.getpid()))
            talks = _Talks(self._tell, self._reactor)
            self._port = callWithContext(_SILENT, self._reactor.listenUNIX, path, talks, mode=0o600)
        except (OSError, ConfigError, CannotListenError) as error:
            self._log.info("netapp zone will not see this process: {reason}", reason=str(error))

    def stop(self) -> object:
        port, self._port = self._port, None
        return port.stopListening() if port is not None else None


def ask(state: Path, pid: int, question: str, wait: float = limits.STATUS_WAIT) -> Iterator[dict[str, Any]]:
    """Ask a process: for commands, without a reactor.

    :param wait: seconds that each of its answers' pieces may take.
    :raises OSError, ValueError: it does not answer, or not as it should.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(wait)
        with neighbours.short(state / neighbours.FOLDER / name_of(pid)) as name:
            client.connect(name)
        client.sendall(question.encode("utf-8", "replace") + b"\n")
        rest = b""
        while piece := client.recv(65536):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("no object")
                yield row
