"""When each key has signed last, so that what was overheard is not carried out once more.

Several clients may share a key, their clocks a little apart, and what they send may overtake each
other: as far as the leeway nothing is too early.  An attacker has that much: what was signed within
it before the latest can be played again until its fudge is over, and so can the latest itself.

Source: RFC 8945 section 5.2.3.
"""

from netapp.core import limits
from netapp.errors import NetappError


class Early(NetappError):
    """A request was signed too long before another by its key that was taken: BADTIME."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"it was signed {seconds} s before another by this key: somebody has sent an old one again, "
            "or the clocks of those who have the key are apart"
        )


class Latest:
    """The latest time signed of each key, in this process's life."""

    def __init__(self) -> None:
        self._times: dict[bytes, int] = {}  # by name; the key that has signed last is the last

    def take(self, key: bytes, signed: int, now: int) -> None:
        """A request is about to be carried out.

        What is kept is never later than our own time was: a client whose clock is ahead shuts nobody
        out, and where ours was set back all that is kept is of no more use.

        :param signed: when it was signed, by its signature, which is sound.
        :param now: when it came.  Both in seconds since 1970.
        :raises Early: it is not to be.
        """
        known = self._times.pop(key, 0)
        if known > now + limits.TSIG_LEEWAY:
            known = 0
        latest = self._times[key] = max(known, min(signed, now))
        if len(self._times) > limits.DNS_KEYS:  # others were read since
            del self._times[next(iter(self._times))]
        if latest - signed > limits.TSIG_LEEWAY:
            raise Early(latest - signed)
