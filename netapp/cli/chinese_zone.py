"""``netapp zone --help`` in Chinese; see :mod:`netapp.cli.chinese`."""

from typing import Final

HELP: Final = {
    # check
    "See what is wrong with a zone's file.": "检查区域文件有什么问题。",
    "Each line that has an error is named; a zone without errors is looked at for what others would"
    " stumble over: name servers without address, missing glue, aliases where none may be, signatures that"
    " are past. ORIGIN is the first SOA's owner unless it is given. The exit status is 1 if there are"
    " errors. ORIGIN=FILE, as netapp-dns --zone takes it, goes too.": (
        "有错误的每一行都会指出;没有错误时,再看别人用起来会碰到什么:"
        "NS 没有地址、缺少粘合记录、不该用别名的地方用了别名、签名已过期。"
        "不写 ORIGIN 时以第一条 SOA 的名字为准。有错误则退出状态为 1。"
        "也可以写成 ORIGIN=FILE,和 netapp-dns 的 --zone 一样。"
    ),
    "One JSON object, for programs.": "输出一个 JSON 对象,供程序使用。",
    "Exit with 1 for warnings too.": "有警告时退出状态也为 1。",
    # list, show
    "List the zones that are served.": "列出正在服务的区域。",
    "With serial, where they come from, how many records, when they were loaded, and what is wrong with"
    " their files.": "包括序列号、来源、记录数、载入时间,以及区域文件的问题。",
    "A JSON list, times in seconds since 1970.": "输出 JSON 列表,时间为 1970 年起的秒数。",
    "Show one zone that is served.": "查看一个正在服务的区域。",
    "The exit status is 1 if there is none.": "没有这个区域则退出状态为 1。",
    "A JSON object, times in seconds since 1970.": "输出 JSON 对象,时间为 1970 年起的秒数。",
    # dump
    "Write a zone as it is now, as a master file.": "把区域现在的内容写成区域文件。",
    "Updates and what came from a primary are kept in the state directory, never in the zone file: this"
    " shows the zone with them, while its service runs or not. The exit status is 1 if some of what is kept"
    " there is lost: what is left is written.": (
        "动态更新和来自主服务器的内容保存在状态目录里,不会写进区域文件;"
        "这里写出的是包括它们在内的完整区域。服务是否在运行都可以。"
        "保存的内容如有丢失,就写出剩下的部分,退出状态为 1。"
    ),
    "Write this file; it appears whole.": "写到这个文件;要么完整,要么没有。",
    "Replace the file if it is there.": "文件已存在时覆盖。",
    # key
    "Make, list and remove the keys that sign updates and transfers (TSIG).": (
        "生成、列出、删除给更新和区域传送签名的密钥(TSIG)。"
    ),
    "Make a key, keep it in the state directory, and show it this once.": (
        "生成一个密钥,存到状态目录,并显示这一次。"
    ),
    "It is shown as dig, nsupdate, BIND, Knot and NSD take it.": (
        "按 dig、nsupdate、BIND、Knot 和 NSD 的写法显示。"
    ),
    "What it signs by (hmac-sha256).": "签名算法(默认 hmac-sha256)。",
    "Show it in this form alone, for a file.": "只按这种写法显示,便于存成文件。",
    "List the keys of the state directory, without their secrets.": "列出状态目录里的密钥,不含密钥内容。",
    "A JSON list.": "输出 JSON 列表。",
    "Remove a key from the state directory.": "从状态目录删除一个密钥。",
}
