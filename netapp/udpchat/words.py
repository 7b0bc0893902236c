"""What this service says by itself, and the words that end a talk."""

from typing import Final

from netapp.core.farewell import GOODBYE
from netapp.core.languages import Phrases

__all__ = ["ENDINGS", "GOODBYE", "PHRASES", "is_ending"]

#: What ends a talk when it is all that somebody says: T1, T14, T15, and as in the line chat.
ENDINGS: Final = frozenset({"quit", "Q", "q", "/quit", "/退出"})

PHRASES: Final = Phrases(
    {
        "nickname": ("大厅", "lobby"),
        "renamed": ("您现在的名字是 {name}", "you are now {name}"),
        "bad name": ("名字不能用:{name}", "not a name that can be used: {name}"),
        "name taken": ("名字 {name} 已有人使用", "the name {name} is taken"),
        "who": ("大厅里有:{names}", "in the lobby: {names}"),
        "help": (
            "直接输入即可发言;/nick 名字 改名,/who 看谁在,quit 退出",
            "type to speak; /nick NAME changes your name, /who shows who is here, quit leaves",
        ),
        "elsewhere": (
            "这里没有 {command} 命令,这句话没有发出去;/help 看能用的命令",
            "there is no {command} here, and nothing was said; /help shows what there is",
        ),
        "help ipmsg": (
            "发给我的话大厅里的人都能看到;/who 看谁在,quit 退出",
            "what you write to me is seen by all in the lobby; /who shows who is here, quit leaves",
        ),
        "not stored": ("消息未能保存,请稍后再试", "the message could not be stored, please try again"),
    }
)


def is_ending(text: str) -> bool:
    """Whether a text ends the talk, and is answered by the farewell."""
    return text in ENDINGS
