"""Much work at once, in a thread, while the reactor goes on answering.

Python lets one thread run at a time: one that waits gets its turn after the switch interval, 5 ms
unless told otherwise, and the reactor waits for it anew after every call of the system.  And the
collector of cyclic garbage, which stops everybody, comes the oftener the more is made: what is made
in bulk here holds no cycles, and need never be looked through.

While a zone of a million names was read again on a busy machine of two cores, the 99th percentile of
other names' answers was 16 ms with Python's own interval, and 5 to 8 ms with ours (2 to 4 ms at rest).
"""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from netapp.core import limits


class Bulk:
    """Counts the works under way: the first changes how the process runs, the last changes it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._before = (0.0, True)

    @contextmanager
    def work(self) -> Iterator[None]:
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._before = (sys.getswitchinterval(), gc.isenabled())
                sys.setswitchinterval(limits.BULK_SWITCH)
                gc.disable()
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if not self._count:
                    interval, collecting = self._before
                    sys.setswitchinterval(interval)
                    gc.freeze()  # whatever there is now is not looked through any more
                    if collecting:
                        gc.enable()


work = Bulk().work
