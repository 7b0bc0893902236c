"""Other directories that know passwords."""

from typing import Protocol

from twisted.internet import defer
from twisted.python.failure import Failure

from netapp.core import limits
from netapp.core.detached import detached
from netapp.people.ground import Ground


class External(Protocol):
    """Another directory that knows passwords."""

    def check(self, name: str, password: bytes) -> "defer.Deferred[bool]": ...


async def vouches(ground: Ground, external: External, name: str, password: bytes) -> bool:
    """Whether another directory knows the password.  One that does not say has said no, as it would
    to who has no account: nothing but the time tells who has one.
    """
    checking = external.check(name, password)
    asked = detached(checking)  # one that does not end when it is cancelled keeps nobody
    asked.addErrback(_given_up, checking)
    try:
        return await asked.addTimeout(limits.EXTERNAL, ground.clock) is True
    except defer.CancelledError:
        raise
    except defer.TimeoutError:
        fault = Failure(TimeoutError(f"not within {limits.EXTERNAL:g} s"))
    except Exception:
        fault = Failure()
    ground.faults.tell("another directory does not say whether a password is right", fault)
    return False


def _given_up(failure: Failure, checking: "defer.Deferred[bool]") -> Failure:
    checking.cancel()
    return failure
