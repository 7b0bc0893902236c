"""A warning about a zone, in both languages."""

from dataclasses import dataclass, field, replace
from typing import Final

from netapp.core.languages import Lang, Phrases
from netapp.names.master.writing import type_text
from netapp.names.naming import shown

PHRASES: Final = Phrases(
    {
        "more": ("此类问题还有 {count} 处({key})", "{count} more of this kind ({key})"),
        "ttls differ": (
            "{owner} 的 {type} 记录 TTL 不一致({ttl} 和 {lowest}):以最小的为准",
            "the {type} records of {owner} have TTLs that differ ({ttl} and {lowest}): the lowest is taken",
        ),
        # delegation
        "no ns": (
            "{owner} 没有 NS 记录:别的服务器找不到这个区域",
            "{owner} has no NS record: other servers will not find this zone",
        ),
        "ns alias": (
            "NS {target} 是别名(CNAME 或 DNAME):NS 必须指向有地址的名字",
            "the NS {target} is an alias (CNAME or DNAME): name one that has addresses itself",
        ),
        "no glue": (
            "NS {target} 在 {owner} 之下,却没有地址:请补上它的 A 或 AAAA(粘合记录)",
            "the NS {target} is below {owner} and has no address: add its A or AAAA (glue)",
        ),
        "ns address": (
            "NS {target} 没有地址:请给它 A 或 AAAA",
            "the NS {target} has no address: give it an A or AAAA",
        ),
        "wildcard ns": (
            "{owner} 是通配符,不能有 {type} 记录",
            "{owner} is a wildcard and has {type} records: what that means is not defined",
        ),
        "dname below": (
            "{owner} 有 DNAME,其下的名字不会被回答",
            "{owner} has a DNAME: the names below it are never answered",
        ),
        "occluded": (
            "{owner} 在委派出去的 {cut} 之下:这里的 {type} 不会被回答",
            "{owner} is below {cut}, which is delegated: its {type} here is never answered",
        ),
        "ds alone": ("{owner} 有 DS 却没有 NS", "{owner} has a DS and no NS"),
        # data
        "serial zero": ("SOA 序列号是 0:从 1 开始", "the SOA's serial is 0: begin with 1"),
        "retry": (
            "SOA 的 retry({retry})应小于 refresh({refresh})",
            "the SOA's retry ({retry}) should be below its refresh ({refresh})",
        ),
        "expire": (
            "SOA 的 expire({expire})应大于 refresh 加 retry({least}):否则从服务器一停就失效",
            "the SOA's expire ({expire}) should be above refresh and retry together ({least}): "
            "secondaries would give the zone up at the first failure",
        ),
        "minimum": (
            "SOA 的 minimum({minimum} 秒)超过一天:不存在的名字会被记住这么久(RFC 2308)",
            "the SOA's minimum ({minimum} s) is above a day: so long it is remembered "
            "that a name is not there (RFC 2308)",
        ),
        "at sign": (
            "SOA 的邮箱 {target} 里有“@”:请用“.”代替",
            "the SOA's mailbox {target} has an @ in it: write a dot instead",
        ),
        "doubled": (
            "{name} 里区域名出现了两次:是不是漏了结尾的“.”",
            "{name} has the zone's name twice: is the dot at its end missing?",
        ),
        "single label": (
            "{owner} 的 {type} 指向 {target}(只有一个标签):是不是多写了结尾的“.”",
            "the {type} of {owner} is {target}, a single label: is the dot at its end too many?",
        ),
        "odd host": (
            "{owner} 有地址,但不是主机名(只应有字母、数字和“-”)",
            "{owner} has addresses and is no host name (letters, digits and - only)",
        ),
        "target alias": (
            "{owner} 的 {type} 指向 {target},它是别名:应指向有地址的名字(RFC 2181 第 10.3 节)",
            "the {type} of {owner} is {target}, an alias: name one that has addresses itself "
            "(RFC 2181 section 10.3)",
        ),
        "target address": (
            "{owner} 的 {type} 指向 {target},它没有地址",
            "the {type} of {owner} is {target}, which has no address",
        ),
        "target literal": (
            "{owner} 的 {type} 写成了地址 {address}:这里要写名字,再给那个名字 A 或 AAAA",
            "the {type} of {owner} is an address, {address}: write a name, and give that an A or AAAA",
        ),
        "ring": (
            "{owner} 是 {target} 的别名,绕一圈又回到 {owner}:永远得不到地址",
            "{owner} is an alias of {target}, which leads back to it: nobody comes to an address",
        ),
        "alias nowhere": (
            "{owner} 是 {target} 的别名,而它不存在",
            "{owner} is an alias of {target}, which is not there",
        ),
        # signed
        "unsigned": (
            "{owner} 的 {type} 没有签名(RRSIG),而区域是签名的",
            "the {type} of {owner} has no RRSIG, and the zone is signed",
        ),
        "expired": (
            "{owner} 的 {type} 的签名已于 {day} 过期:请重新签名",
            "the signature of {owner}'s {type} expired on {day}: sign the zone anew",
        ),
        "expires": (
            "{owner} 的 {type} 的签名将于 {day} 过期:请重新签名",
            "the signature of {owner}'s {type} expires on {day}: sign the zone anew",
        ),
        "early": (
            "{owner} 的 {type} 的签名从 {day} 才生效:时钟是否准确",
            "the signature of {owner}'s {type} begins on {day}: is the clock right?",
        ),
        "no nsec": ("{owner} 没有 NSEC 记录", "{owner} has no NSEC record"),
        "nsec chain": (
            "{owner} 的 NSEC 指向 {target},应指向 {next}",
            "the NSEC of {owner} goes on to {target}, and should to {next}",
        ),
        "nsec3 chain": (
            "{owner} 的 NSEC3 没有指向下一个:链断了",
            "the NSEC3 {owner} does not go on to the next: the chain is broken",
        ),
        "iterations": (
            "NSEC3 迭代 {count} 次:应为 0(RFC 9276),超过 50 次很多解析器当作未签名",
            "NSEC3 with {count} iterations: 0 is right (RFC 9276); above 50 many resolvers "
            "take the zone for unsigned",
        ),
    }
)


@dataclass(frozen=True)
class Finding:
    """:ivar owner: the name it is about; None: the zone.
    :ivar rdtype: the type it is about; None: any.
    :ivar rdata: the data it is about; None: any.
    :ivar place: file and line; line 0 if that is not known.
    """

    key: str
    owner: bytes | None
    rdtype: int | None = None
    fields: dict[str, object] = field(default_factory=dict)
    rdata: bytes | None = None
    place: tuple[str, int] = ("", 0)

    def at(self, place: tuple[str, int]) -> "Finding":
        return replace(self, place=place)

    def text(self, lang: Lang) -> str:
        fields = {
            "owner": shown(self.owner) if self.owner is not None else "",
            "type": type_text(self.rdtype) if self.rdtype is not None else "",
            **{
                key: shown(value) if isinstance(value, bytes) else value for key, value in self.fields.items()
            },
        }
        return PHRASES.say(lang, self.key, **fields)
