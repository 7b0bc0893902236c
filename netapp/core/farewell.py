"""How the tutorials' chats end (T14, T15): ``Q`` is answered with a farewell, a farewell with nothing."""

from typing import Final

#: To the octet what the tutorials' programs say; whoever receives it ends the talk without an answer.
GOODBYE: Final = "您已断开连接!"


def is_q(text: str) -> bool:
    """Whether a text is the tutorials' wish to end the talk."""
    return text in ("Q", "q")
