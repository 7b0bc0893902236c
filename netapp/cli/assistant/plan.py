"""What a conversation runs over, and what the user has asked for."""

import selectors
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from netapp.cli.assistant.trace import Trace
from netapp.cli.console import Form
from netapp.core.terminal.layout import Show
from netapp.core.terminal.parties import Party as Peer
from netapp.core.text import Tongue

#: What ``--send`` and ``--file`` send, in the encoding of the peer that it goes to.
Payload = Callable[[Tongue], bytes]


class Wire(Protocol):
    """What a conversation runs over."""

    #: Peers come to us.
    listening: bool
    #: A message may be empty; where it cannot, nothing is sent and nothing awaited.
    empty: bool
    #: A message, or its answer, may be lost: a script's is sent again.
    lossy: bool
    #: Is told of what crosses; set before the start.
    trace: Trace

    @property
    def peer(self) -> Peer | None:
        """Whom a typed line goes to."""

    @property
    def closed(self) -> bool:
        """Nothing more will come."""

    def parties(self) -> Sequence[Peer]:
        """Who is there, in the order in which they came."""

    def start(self, selector: selectors.BaseSelector) -> None:
        """Register what may become readable."""

    def ready(self, source: Any) -> Sequence[tuple[Peer, bytes]]:
        """Messages that have come.  :raises OSError: the peer cannot be reached."""

    def leaves(self, line: str) -> bool:
        """Whether a typed line ends the input, without being sent."""

    def parts(self, peer: Peer, octets: bytes) -> bool:
        """Whether a message ends the talk with this peer."""


@dataclass(frozen=True)
class Plan:
    """What the user has asked for.

    :param payload: sent at once; by a listener, in answer to each message.
    :param every: seconds after which the payload goes out again.
    :param wait: seconds to wait for an answer; a listener waits for ever unless told.
    :param show: how messages are shown, where that was said.
    :param save: the file that the talk is saved to.
    """

    form: Form
    payload: Payload | None = None
    every: float | None = None
    wait: float | None = None
    show: Show | None = None
    save: Path | None = None
