"""What talk refuses, and what its store cannot do.  A door says it in its own words."""

from netapp.errors import NetappError


class Refused(NetappError):
    """Talk does not do that: the asker's affair."""


class NameTaken(Refused):
    """Somebody else has the name.  ``by_account``: it is an account's, who may prove it."""

    def __init__(self, name: str, *, by_account: bool = False) -> None:
        super().__init__(f"the name {name!r} is taken")
        self.name, self.by_account = name, by_account


class NoSuchName(Refused):
    """Nobody who is present has that name."""


class NotThere(Refused):
    """One must be in the room for this."""


class TooMuch(Refused):
    """A limit of ``netapp.core.limits`` is reached."""


class StoreFailed(NetappError):
    """The store cannot do its work, as when the disk is full: the operator's affair, told in the log."""
