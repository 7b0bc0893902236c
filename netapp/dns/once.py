"""What is said once of each, and again when many others have been heard of since."""

from collections import OrderedDict
from collections.abc import Hashable

from netapp.core import limits


class Once:
    """Remembers what was said, the least recent forgotten when it is too much."""

    def __init__(self, most: int = limits.DNS_SAID_ONCE) -> None:
        self._said: OrderedDict[Hashable, None] = OrderedDict()
        self._most = most

    def is_new(self, key: Hashable) -> bool:
        """Whether this is to be said."""
        new = key not in self._said
        self._said[key] = None
        self._said.move_to_end(key)
        if len(self._said) > self._most:
            self._said.popitem(last=False)
        return new
