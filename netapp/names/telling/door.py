"""The socket at which a process tells of its zones: ``STATE/run/zones-PID.sock``, for its owner alone.

There may be a hundred thousand of them, so they are told as the asker reads.  A question is one
line, an origin in hexadecimal digits or ``*`` for all; the answer is a JSON object a line, the last of
them :data:`END`, and the end of the stream.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from twisted.internet import interfaces, protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from netapp.core import limits
from netapp.core.status import neighbours
from netapp.core.status.doorway import Doorway
from netapp.errors import ConfigError

#: Gives what there is to tell to a question.
Tell = Callable[[str], Iterator[dict[str, Any]]]
#: Zones told in one turn of the reactor.
_TURN: Final = 200


#: What comes behind all rows: without it some were not told.
END: Final = {"end": True}
_KIND: Final = "zones"
_NAME: Final = re.compile(r"zones-[0-9]{1,10}(-[0-9])?\.sock", re.ASCII)


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
            self._rows = self._talks.tell(self._asked.partition(b"\n")[0].decode("utf-8", "replace"))
            self._rows = chain(self._rows, [END])
            self.transport.registerProducer(self, False)

    def resumeProducing(self) -> None:
        assert self._rows is not None
        self._timer.reset(limits.STALLED)  # whoever reads may take their time
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
        self._talks, self._reactor = _Talks(tell, reactor), reactor
        self._doorway = Doorway(_KIND, state, self._meet, reactor)

    @property
    def name(self) -> str:
        """The socket's in its folder, for :func:`ask`; "" while there is none."""
        return self._doorway.name

    def start(self) -> None:
        """Open it; a process that cannot serves all the same, and ``netapp zone`` sees no zones of it."""
        try:
            self._doorway.open()
        except (OSError, ConfigError) as error:
            self._log.info("netapp zone will not see this process: {reason}", reason=str(error))

    def stop(self) -> None:
        self._doorway.close()

    def _meet(self, client: socket.socket) -> None:
        self._reactor.adoptStreamConnection(client.fileno(), socket.AF_UNIX, self._talks)


def question(origin: bytes) -> str:
    """How a zone is asked for.  :param origin: folded wire name."""
    return origin.hex()


def name_in(told: Mapping[str, Any] | None) -> str:
    """The name of a process's socket, as its status tells it; "" where it has none."""
    name = (told or {}).get("zones_told")
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def ask(state: Path, name: str, question: str, wait: float = limits.STATUS_WAIT) -> Iterator[dict[str, Any]]:
    """Ask a process: for commands, without a reactor.

    :param name: of its socket.
    :param wait: seconds that each of its answers' pieces may take.
    :raises OSError, ValueError: it does not answer, or not as it should, or not to the end.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(wait)
        with neighbours.short(state / neighbours.FOLDER / name) as path:
            client.connect(path)
        client.sendall(question.encode("utf-8", "replace") + b"\n")
        rest = b""
        while piece := client.recv(65536):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > limits.STATUS:
                raise ValueError("a row that is too long")
            for line in lines:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("no object")
                if row == END:
                    return
                yield row
    raise ValueError("rows that were cut off")
