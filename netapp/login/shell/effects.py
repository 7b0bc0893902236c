"""What the shell has its carrier do.  Text is a plain ``str``, in which a line feed ends a line."""

from dataclasses import dataclass

from netapp.login.shell.operations import Operation


@dataclass(frozen=True, slots=True)
class Ask:
    """Write ``text`` without a line's end; the next line is the answer.

    :param hidden: the answer is not shown while it is typed.
    """

    text: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Do:
    """Perform an operation, and tell its result, or what it raised, to ``Shell.done``."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Picture:
    """Text of block elements, and one of coloured spaces, where the peer's encoding lacks these."""

    text: str
    spaces: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """Hang up once all is written."""

    reason: str


Effect = str | Ask | Do | Picture | End
