"""What can be wrong with a master file, and where."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from netapp.core.languages import Lang, Phrases
from netapp.errors import ConfigError

PHRASES: Final = Phrases(
    {
        "nul": (
            "这一行含有 NUL 字节:它不是文本,请重新保存这个文件",
            "a NUL octet: this is no text, save the file anew",
        ),
        "utf-16": (
            "这个文件是 UTF-16 编码:请另存为 UTF-8",
            "this file is UTF-16: save it as UTF-8",
        ),
        "long line": ("这一行超过 {limit} 字节:请拆开", "a line of more than {limit} octets: split it"),
        "long entry": (
            "从这一行开始的括号里超过 {limit} 字节:是不是漏了“)”",
            "more than {limit} octets in parentheses from here: is a ) missing?",
        ),
        "open": ("“(”没有配对:请补上“)”", "( is never closed: add the )"),
        "close": ("“)”前面没有“(”", ") without a ( before it"),
        "quote": ("双引号没有配对:请补上另一个", "a double quote that is never closed: add the other"),
        "escape": ("行末多出一个反斜杠", "a backslash at the end of the line"),
        "no owner": (
            "这一行以空白开头,但前面没有域名:请把域名写在行首",
            "the line begins with a space, and no name came before: begin it with the name",
        ),
        "no origin": (
            "{name} 不是以“.”结尾的完整域名,也不知道它属于哪里:请在前面写 $ORIGIN,或用 ORIGIN=FILE",
            "{name} does not end in a dot, and what it belongs to is not known: "
            "write $ORIGIN before it, or ORIGIN=FILE",
        ),
        "empty label": ("{name} 里有空的标签(两个“.”相连)", "{name} has an empty label (two dots together)"),
        "long label": ("{name} 里有超过 63 字节的标签", "{name} has a label of more than 63 octets"),
        "long name": ("{name} 超过 255 字节", "{name} is longer than 255 octets"),
        "bad escape": (
            "{name} 里的转义不对:写 \\X 或三位十进制 \\DDD(至多 255)",
            "{name} has a bad escape: write \\X, or \\DDD with three decimal digits up to 255",
        ),
        "bad name": ("{name} 不是域名:{reason}", "{name} is no name: {reason}"),
        "outside": (
            "{name} 不在区域 {origin} 里:是不是漏了结尾的“.”,或者写错了文件",
            "{name} is not in the zone {origin}: move it to its own zone, or mend the name",
        ),
        "no type": ("没有记录类型:写 NAME TTL IN TYPE DATA", "no record type: write NAME TTL IN TYPE DATA"),
        "bad type": ("没有 {word} 这种记录类型", "there is no record type {word}"),
        "no data type": (
            "{word} 只用于查询,不能写进区域",
            "{word} is for questions only, a zone cannot have it",
        ),
        "class": ("类 {word} 不行:区域里只有 IN", "class {word}: a zone here has IN only"),
        "twice": ("{word} 多出来了", "{word} is one too many"),
        "one value": (
            "{word} 只有一个值,{extra} 多出来了:第二个值请另写一行",
            "{word} has one value, and {extra} is one too many: a second one is a line of its own",
        ),
        "bad ttl": (
            "TTL {word} 不对:写秒数(至多 2147483647),或 1h30m 这样的",
            "the TTL {word}: write seconds, at most 2147483647, or the like of 1h30m",
        ),
        "no ttl": (
            "不知道 TTL:请在文件开头写 $TTL 3600",
            "no TTL is known: write  $TTL 3600  at the top of the file",
        ),
        "no data": ("{word} 后面没有内容", "{word} has no data behind it"),
        "bad data": ("{word} 的内容不对:{reason}", "{word}: {reason}"),
        "bad address": ("{word} 不是 {kind} 地址", "{word} is no {kind} address"),
        "long data": (
            "{word} 的内容超过 {limit} 字节:一条报文装不下它,区域就无法传送",
            "{word} has more than {limit} octets of data: no message holds it, and the zone could not be "
            "transferred",
        ),
        "directive": (
            "没有 {word} 这个指令:有 $ORIGIN、$TTL、$INCLUDE、$GENERATE",
            "there is no directive {word}: there are $ORIGIN, $TTL, $INCLUDE and $GENERATE",
        ),
        "form": ("{word} 应写成:{form}", "{word} is written so: {form}"),
        "include": ("不能读取 {path}:{reason}", "{path} cannot be read: {reason}"),
        "not regular": ("{path} 不是普通文件", "{path} is no regular file"),
        "too big": (
            "{path} 超过 {limit} 字节:请拆成几个区域",
            "{path} is larger than {limit} octets: make several zones of it",
        ),
        # the same, of the zone's own file, which the place names already
        "own include": (
            "不能读取:{reason};请检查路径和权限",
            "it cannot be read: {reason}: see whether the path is right, and who may read it",
        ),
        "own not regular": ("不是普通文件:请指定一个区域文件", "it is no regular file: name a zone's file"),
        "own too big": (
            "超过 {limit} 字节:请拆成几个区域",
            "it is larger than {limit} octets: make several zones of it",
        ),
        "deep": (
            "$INCLUDE 嵌套超过 {limit} 层:是不是文件包含了自己",
            "$INCLUDE more than {limit} deep: does a file include itself?",
        ),
        "includes": ("$INCLUDE 超过 {limit} 个文件", "more than {limit} files by $INCLUDE"),
        "generate": (
            "$GENERATE 要产生 {count} 条记录,至多 {limit} 条",
            "$GENERATE asks for {count} records, and may make {limit}",
        ),
        "records": ("区域超过 {limit} 条记录", "the zone has more than {limit} records"),
        "no soa": (
            "没有 SOA 记录:第一条记录应是 {origin} 的 SOA",
            "no SOA record: the first record is the SOA of {origin}",
        ),
        "other origin": (
            "这里的 SOA 属于 {name},而区域是 {origin}",
            "this SOA is of {name}, and the zone is {origin}",
        ),
        "two soas": ("第二条 SOA 记录:一个区域只有一条", "a second SOA record: a zone has one"),
        "two": ("{name} 有不止一条 {kind} 记录", "{name} has more than one {kind} record"),
        "cname": (
            "{name} 有 CNAME,就不能再有别的记录",
            "{name} has a CNAME and other data: keep one of the two",
        ),
        # behind another
        "write": (";写成 {form} 这样", "; write the like of  {form}"),
        "blank": (
            ";{mark} 不是普通空格:请改成空格,或者删掉",
            "; {mark} is no common blank: put a space in its place, or nothing",
        ),
        "many": (
            "错误太多,只列出前 {limit} 处",
            "too many faults: the first {limit} are told",
        ),
        "more": ("{first};共 {count} 处错误", "{first}; {count} faults in all"),
    }
)  # fmt: skip


#: How a character is shown that is not seen.
_MARK: Final = re.compile("⟦U\\+([0-9A-F]{4,5})⟧")


class Malformed(Exception):
    """Something of a master file that cannot be; a phrase of :data:`PHRASES`."""

    def __init__(self, key: str, **fields: object) -> None:
        super().__init__(key)
        self.key, self.fields = key, fields


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a line of a file; ``line`` counts from 1, and is 0 for the whole file."""

    where: str
    line: int
    key: str
    fields: dict[str, object] = field(default_factory=dict)

    def reason(self, lang: Lang = "en") -> str:
        own = f"own {self.key}"
        itself = not self.line and self.fields.get("path") == self.where and own in PHRASES.phrases
        said = PHRASES.say(lang, own if itself else self.key, **self.fields)
        if form := self.fields.get("form_of_data"):
            said += PHRASES.say(lang, "write", form=form)
        said = _seen(said)
        blank = next((mark[0] for mark in _MARK.finditer(said) if _is_blank(chr(int(mark[1], 16)))), None)
        return said + PHRASES.say(lang, "blank", mark=blank) if blank else said

    def place(self) -> str:
        return _seen(f"{self.where}:{self.line}" if self.line else self.where)

    def __str__(self) -> str:
        return f"{self.place()}: {self.reason()}"


def _seen(text: str) -> str:
    """Text in which blanks that are no spaces are seen too: they may be all that is wrong."""
    return "".join(char if char.isprintable() else f"⟦U+{ord(char):04X}⟧" for char in text)


def _is_blank(char: str) -> bool:
    """Whether it is white space, or nothing at all, to the eye, and a part of a word here."""
    return unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cf")


class BrokenZone(ConfigError):
    """A master file that is no zone; its text names the file, the first fault's line, and the cure."""

    def __init__(self, faults: list[Fault]) -> None:
        first, count = str(faults[0]), len(faults)
        super().__init__(PHRASES.say("en", "more", first=first, count=count) if count > 1 else first)
        self.faults = tuple(faults)
