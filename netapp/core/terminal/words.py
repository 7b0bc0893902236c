"""What the assistant says."""

import errno
import re
from typing import Final

from netapp.core import limits
from netapp.core.languages import Lang, Phrases

PHRASES: Final = Phrases(
    {
        "hint": (
            "(每行一条消息,/help 列出命令,按 Ctrl-D 结束)",
            "(a line is a message; /help lists commands; Ctrl-D ends)",
        ),
        "nobody": ("(现在没有人可以回复)", "(nobody is there to answer)"),
        "now": ("(现在显示{what})", "(now showing {what})"),
        "text": ("文本", "text"),
        "hex": ("十六进制", "hex"),
        "both": ("文本和十六进制", "text and hex"),
        "encoding": ("(现在的编码:{encoding})", "(the encoding is now {encoding})"),
        "not hex": ("{text} 不是十六进制:请写成 48 65 6c", "{text} is no hex: write 48 65 6c"),
        "repeating": ("每 {seconds:g} 秒 · 已发 {count}", "every {seconds:g} s: {count}"),
        "stopped": ("(重复发送已停止,共发 {count} 条)", "(repeating has ended: {count} sent)"),
        "idle": ("(没有正在进行的发送)", "(nothing is being sent)"),
        "busy": ("(正在给 {name} 发文件:/stop 停止)", "({name} is being sent a file: /stop ends that)"),
        "given up": ("({file} 没有发完:{done}/{size} 字节)", "({file} was cut: {done} of {size} octets)"),
        "gone": ("(没有第 {number} 个对方:/peers 列出)", "(there is no peer {number}: see /peers)"),
        "to": ("(现在发给 {name})", "(what is typed goes to {name})"),
        "all": ("所有人", "everybody"),
        "auto": ("最后发言的一方", "who spoke last"),
        "waits": ("等待回复", "waits for an answer"),
        "none": ("(还没有人)", "(nobody yet)"),
        "saving": ("(对话保存到 {path})", "(the talk is saved to {path})"),
        "not saved": ("(不再保存到 {path}:{reason})", "(no longer saved to {path}: {reason})"),
        "missing": ("找不到 {what}", "there is no {what}"),
        "folder": ("{what} 是目录", "{what} is a folder"),
        "denied": ("没有权限使用 {what}", "no right to use {what}"),
        "too long": ("发给 {what} 的消息太长", "the message to {what} is too long"),
        "other": ("{what}:{reason}", "{what}: {reason}"),
        "exists": ("{path} 已存在:请换一个名字", "{path} is there already: choose another name"),
    }
)  # fmt: skip
#: What the system refuses, by its number.
TROUBLES: Final = {
    errno.ENOENT: "missing",
    errno.EISDIR: "folder",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EMSGSIZE: "too long",
    errno.ECONNABORTED: "nobody",
}
#: A prompt after which what is typed is nobody's to keep: 密码: , Password for zhao: , PIN: , 再输一次:
_SECRET: Final = re.compile(
    r"(?:密\s*码|口令|pass(?:word|wd|phrase|code)?\b)[^\n。,!,.!]{0,24}[:：?？>]?\s*\Z"
    r"|(?:验证码|恢复码|再输[入一]?\s*[一1]?\s*[次遍]|\b(?:pin|code|again))\s*[:：?？>]\s*\Z",
    re.IGNORECASE,
)


def asks_for_secret(text: str) -> bool:
    """Whether a message ends as a prompt for a password does."""
    return _SECRET.search(text) is not None


class Askers:
    """Peers that have asked for a password and wait for it, whoever else has spoken since."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    @property
    def wait(self) -> bool:
        return bool(self._names)

    def heard(self, name: str, text: str) -> None:
        """:param text: the end of a message."""
        if asks_for_secret(text) and len(self._names) < limits.TERMINAL_PEERS:
            self._names.add(name)
        else:
            self._names.discard(name)

    def left(self, name: str) -> None:
        self._names.discard(name)

    def answered(self) -> None:
        """Something was sent, to whomever."""
        self._names.clear()


def trouble(error: OSError, what: object, lang: Lang) -> str:
    """What the system refused, in the user's language."""
    key = TROUBLES.get(error.errno or 0, "other")
    return PHRASES.say(lang, key, what=what, reason=error.strerror or str(error))
