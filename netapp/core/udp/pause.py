"""A pause before the next batch, shorter than the reactor's own timers can make one.

A port that is quicker than its peers reads as soon as something is there: under load that is a
turn of the reactor and two system calls for some ten datagrams.  When a batch was dense, more is on
its way, and a pause of some microseconds has the next one twice as large for the same calls.
"""

import ctypes
import os
from typing import Any, Final

from twisted.internet import interfaces
from zope.interface import implementer

from netapp.core import limits

_MONOTONIC: Final = 1  # the numbers are Linux's
_NONBLOCK_CLOEXEC: Final = 0o2004000
#: ``struct itimerspec``: an interval (none, it fires once) and the time until then.
_Spec = ctypes.c_long * 4
_LATER: Final = _Spec(0, 0, 0, int(limits.DATAGRAM_PAUSE * 1e9))
_NEVER: Final = _Spec()


@implementer(interfaces.IReadDescriptor)
class Pause:
    """Stands in for a port in the reactor, from :meth:`start` until it has read or :meth:`stop` is called.

    :param calls: ``timerfd_create`` and ``timerfd_settime``.
    :param port: the reactor's reader that it stands in for.
    :raises OSError: no descriptor is left.
    """

    def __init__(self, calls: tuple[Any, Any], port: Any, reactor: Any) -> None:
        create, self._set = calls
        self._port, self._reactor = port, reactor
        self._descriptor: int = create(_MONOTONIC, _NONBLOCK_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self.running = False
        try:
            reactor.addReader(self)  # once: a timer that is not set is never readable
        except BaseException:
            os.close(self._descriptor)
            raise

    def fileno(self) -> int:
        return self._descriptor

    def logPrefix(self) -> str:
        return str(self._port.logPrefix())

    def start(self) -> None:
        """Have the port read after ``limits.DATAGRAM_PAUSE``; what it was set to before is forgotten."""
        self.running = True
        self._set(self._descriptor, 0, ctypes.addressof(_LATER), None)

    def stop(self) -> None:
        if not self.running:
            return
        self.running = False
        self._set(self._descriptor, 0, ctypes.addressof(_NEVER), None)

    def close(self) -> None:
        self.running = False
        self._reactor.removeReader(self)
        os.close(self._descriptor)

    def doRead(self) -> None:
        """The time is over.  The timer stays readable until it is set again: the port does either."""
        if self.running:  # else it was stopped after the reactor had looked
            self._port.doRead()

    def connectionLost(self, reason: Any) -> None:
        """The port could not read, and it was we whom the reactor had asked; or the reactor ends."""
        if self.running:
            self._port.connectionLost(reason)
