"""What rcodes, flags and EDNS say, in both languages."""

from typing import Final

import dns.edns
import dns.flags
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from netapp.cli import common
from netapp.cli.dig.messages import Message
from netapp.core.languages import Phrases
from netapp.dns.message import AA, AD, NOERROR, RA, RD

PHRASES: Final = Phrases(
    {
        "answered": ("有答案", "here is the answer"),
        "referral": ("这里不管这个域名,请问授权一栏的服务器", "not kept here: ask the servers named below"),
        "nodata": ("域名存在,但没有这种记录", "the name is there, records of this type are not"),
        "1": ("对方说这个查询有格式错误", "it finds the question malformed"),
        "2": ("服务器出错,现在无法回答", "it failed, and cannot tell now"),
        "3": ("域名不存在", "there is no such name"),
        "4": ("服务器不支持这种操作", "it does not know how to do that"),
        "5": (
            "服务器拒绝回答(不是它的域名,或者不允许你问)",
            "it will not tell: no name of its own, or not for you",
        ),
        "6": ("名字不该有却有", "a name is there that should not be"),
        "7": ("记录不该有却有", "records are there that should not be"),
        "8": ("记录该有却没有", "records are not there that should be"),
        "9": ("不是它的区域,或者签名不对", "no zone of its own, or the signature is wrong"),
        "10": ("名字不在这个区域里", "the name is not in that zone"),
        "16": ("服务器不支持这个 EDNS 版本", "it does not know this version of EDNS"),
        "23": ("cookie 不对", "the cookie is wrong"),
        "other": ("含义未知", "of no known meaning"),
        "aa": ("权威回答", "authoritative"),
        "not aa": ("非权威回答", "not authoritative"),
        "tc": ("回答不完整", "cut"),
        "ra": ("可以代为查询", "recursion offered"),
        "not ra": ("不代为查询", "no recursion"),
        "ad": ("签名已由服务器验证", "the server has checked its signatures"),
        "signed": ("TSIG 签名正确", "TSIG is right"),
    }
)
say: Final = common.words(PHRASES)

_NS: Final = 2
_KNOWN: Final = frozenset({*range(1, 11), 16, 23})


def rcode_name(rcode: int) -> str:
    """As the RFCs write it: ``NXDOMAIN``."""
    return dns.rcode.to_text(dns.rcode.Rcode.make(rcode))


def type_name(rdtype: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))


def class_name(rdclass: int) -> str:
    return dns.rdataclass.to_text(dns.rdataclass.RdataClass.make(rdclass))


def meaning(message: Message) -> str:
    """What an answer comes to."""
    if message.rcode == NOERROR:
        if message.answer:
            return say("answered")
        return say("referral" if is_referral(message) else "nodata")
    return refusal(message.rcode)


def refusal(rcode: int) -> str:
    """What an rcode other than NOERROR comes to."""
    return say(str(rcode) if rcode in _KNOWN else "other")


def is_referral(message: Message) -> bool:
    """Whether it names the servers to ask instead: RFC 1034 section 4.3.1, RFC 2308 section 2.2."""
    named = any(each.rdtype == _NS for each in message.authority)
    return not message.answer and named and not message.flags >> 8 & AA


def flags(message: Message) -> list[str]:
    """``["qr", "aa", "rd"]``"""
    return [word for word in dns.flags.to_text(message.flags & 0x87B0).lower().split() if word]


def flags_said(message: Message) -> list[str]:
    """What the flags that matter come to."""
    if message.rcode not in (NOERROR, 3):
        return []
    said = [say("aa" if message.flags >> 8 & AA else "not aa")]
    if message.truncated:
        said.append(say("tc"))
    if message.flags >> 8 & RD:
        said.append(say("ra" if message.flags & RA else "not ra"))
    if message.flags & AD:
        said.append(say("ad"))
    return said


def ede(data: bytes) -> tuple[int, str, str]:
    """An extended error as (code, its name, its text).  Source: RFC 8914 section 2."""
    code = int.from_bytes(data[:2], "big")
    try:
        name = dns.edns.EDECode(code).name.replace("_", " ").capitalize()
    except ValueError:
        name = ""
    return code, name, data[2:].rstrip(b"\0").decode("utf-8", "replace")
