"""``--help`` in Chinese.  A command's English stands in the command; its Chinese stands here.

``tests/cli/test_main.py`` sees that nothing is missing.
"""

from inspect import cleandoc
from typing import Any, Final

import click

from netapp.cli import chinese_user, chinese_zone, helptext

HELP: Final = {
    # netapp
    "Clients for netapp's services, and administration.": "netapp 各项服务的客户端和管理工具。",
    "Show the version and exit.": "显示版本。",
    "Show this message and exit.": "显示本帮助。",
    "Ask for a name's address.": "查询域名的地址。",
    "Send and show text or hex over TCP, as client or server.": "TCP 收发文本或十六进制,可作客户端或服务器。",
    "The same in datagrams; --menu is driven by numbers.": "UDP 收发;--menu 按编号操作。",
    "Fetch files from the file service.": "从文件服务下载。",
    "Store files in the file service.": "上传到文件服务。",
    "List the file service's files.": "列出文件服务上的文件。",
    "Log in by prompts.": "按提示登录。",
    "Join the line chat.": "加入聊天室。",
    "Show an HTTP answer: status line, headers, body.": "显示 HTTP 回答:状态行、头部、正文。",
    "Send a message to FeiQ or IP Messenger.": "给飞秋或 IP Messenger 发消息。",
    "Add, change and list accounts.": "添加、修改、列出账号。",
    "Check zone files, and see the zones that are served.": "检查区域文件,查看正在服务的区域。",
    "Save the state directory in one file.": "把状态目录备份成一个文件。",
    "Put a backup in its place.": "从备份恢复状态目录。",
    "Check and upgrade the databases.": "检查、升级数据库。",
    "Look for what is wrong on this machine.": "检查本机有什么问题。",
    # dns
    "Without --server this machine's own resolver answers, as for every program on it; without a NAME"
    " it shows this host's own names and addresses. With --server, or with what only a name server can"
    " tell, one is asked by DNS: a terminal shows all that it says, a pipe the records. The exit status"
    " is 1 if a name has no answer.": (
        "没有 --server 时由本机的解析器回答,与本机其他程序一致;没有域名时显示本机的名字和地址。"
        "有 --server,或者用了只有域名服务器才能回答的选项时,直接向域名服务器查询:"
        "在终端上显示回答的全部内容,用管道时只输出记录。有域名查不到时,退出状态为 1。"
    ),
    "Record type, such as AAAA, MX, TXT (A).": "记录类型,如 AAAA、MX、TXT(默认 A)。",
    "The name server; by default the system's.": "域名服务器;默认用系统的。",
    "Ask by the tutorials' datagram: just the name.": "按教程的方式查询:数据报里只有域名。",
    "Ask over TCP.": "用 TCP 查询。",
    "Ask for the names of addresses; an address alone does it too.": "反查地址的名字;只写地址也一样。",
    "Ask for signatures too (DO), and show them in words.": "同时要签名(DO),并用文字说明。",
    "Show the whole zone, by transfer.": "用区域传送显示整个区域。",
    "Show what has changed in the zone since this serial.": "显示这个序列号以后,区域里有哪些变化。",
    "Sign by this key (TSIG); :@FILE reads the secret.": "用这个密钥签名(TSIG);写成 :@文件 则从文件读密钥。",
    "Show the answers' data only.": "只显示结果。",
    "Show in a pipe too what a terminal shows: all sections, flags, EDNS.": (
        "用管道时也像终端上那样全部显示:各个部分、标志、EDNS。"
    ),
    "One JSON object a name; a transfer: one a record.": "每个域名一个 JSON 对象;区域传送时每条记录一个。",
    # tcp, udp
    "Send and show text or hex over TCP.": "TCP 收发文本或十六进制。",
    "One line is one message, sent without its newline. --send and a pipe end after the last answer;"
    " the exit status is 1 if none came. A server answers who spoke last. At a terminal the line can be"
    " edited, and /help lists commands: encodings, hex, files, repeating, saving.": (
        "一行就是一条消息,不带换行符。用 --send 或管道时,收到最后一个回复就结束;没有回复则退出状态为 1。"
        "作服务器时,回复最后发言的一方。"
        "在终端上可以编辑输入行,/help 列出命令:编码、十六进制、发文件、定时重发、保存。"
    ),
    "Send and show datagrams.": "收发 UDP 数据报。",
    "One line is one datagram. --send and a pipe end after the last answer; a datagram without one is"
    " sent again, three times in all, and the exit status is 1 if none came. In a talk, typing quit"
    " leaves; receiving quit, Q or 您已断开连接! ends it. At a terminal the line can be edited, and /help"
    " lists commands: encodings, hex, files, repeating, saving.": (
        "一行就是一个数据报。用 --send 或管道时,收到最后一个回复就结束;没有回复会重发,"
        "共发三次,仍没有则退出状态为 1。"
        "聊天时输入 quit 离开;收到 quit、Q 或 您已断开连接! 则结束。"
        "在终端上可以编辑输入行,/help 列出命令:编码、十六进制、发文件、定时重发、保存。"
    ),
    "Be the server, at [ADDRESS:]PORT.": "作服务器,监听 [地址:]端口。",
    "Each message behind its length: 4 octets, little-endian.": "每条消息前加 4 字节长度,小端序。",
    "Send a line feed after what is typed.": "发送时带上换行符。",
    "Send one message; a listener answers each with it.": "发送一条消息;监听时用它回复每条消息。",
    "Send a file's octets as one message.": "把文件内容作为一条消息发送。",
    "Send it again and again.": "每隔这么多秒再发一次。",
    "How long to wait for an answer (2; 0 expects none); a listener: for a first message.": (
        "等待回复的时间(默认 2;0 表示不等);监听时是等待第一条消息的时间。"
    ),
    "How messages are shown; at a terminal both, else text.": (
        "消息的显示方式:文本、十六进制或两者;终端上默认两者,否则默认文本。"
    ),
    "Save the talk: as packets for Wireshark if FILE ends in .pcap, else as text.": (
        "保存对话:文件名以 .pcap 结尾则存为 Wireshark 可读的数据包,否则存为文本。"
    ),
    "Type, send and show hex: 48 65 6c 6c 6f.": "按十六进制输入、发送和显示:48 65 6c 6c 6f。",
    "What is written: auto (as the peer does, UTF-8 at first), utf-8, gbk. Both are read.": (
        "发送用的编码:auto(跟随对方,起初为 UTF-8)、utf-8、gbk。两种都能接收。"
    ),
    "Be driven by numbers: 1 send, 2 receive, else quit.": "按编号操作:1 发送,2 接收,其他退出。",
    "Our own port, or ADDRESS:PORT; any by default.": "本机端口,或 地址:端口;默认任意。",
    # get, put, ls
    "Fetch files.": "下载文件。",
    "Over HTTP into NAME.part, renamed once it is whole; a cut transfer goes on where it stopped, and"
    " the SHA-256 is checked when the server gives it. A bar is shown on a terminal.": (
        "用 HTTP 下载到 文件名.part,完整后改名;中断后可续传;服务器给出 SHA-256 时会核对。在终端上显示进度条。"
    ),
    "By the tutorials' wire: the bare name; saves [新]NAME.": "按教程的方式:只发文件名;存为 [新]文件名。",
    "Save as PATH, or in that folder; - is standard output.": "存为该路径,或存入该目录;- 表示标准输出。",
    "Store files on the server, by HTTP PUT.": "用 HTTP PUT 上传文件。",
    "Not possible: the bare-name wire only fetches.": "不支持:裸文件名的协议只能下载。",
    "Name on the server; a folder if it ends in /.": "服务器上的名字;以 / 结尾表示目录。",
    "List the files of the share, or of folders in it.": "列出共享的文件,或其中目录的文件。",
    "By the line LIST instead of HTTP.": "用 LIST 一行命令,不用 HTTP。",
    # login, chat
    "Log in by the server's prompts, and go on with its session.": "按服务器的提示登录,然后进入会话。",
    "A password is not shown while it is typed; Ctrl-D leaves. In a pipe each line answers one prompt,"
    " and what is left goes to the session. The exit status is 0 once the server says that the login"
    " succeeded, else 1.": (
        "输入密码时不显示;按 Ctrl-D 离开。用管道时,每行回答一个提示,剩下的交给会话。"
        "服务器说登录成功则退出状态为 0,否则为 1。"
    ),
    "Answer the first prompt with NAME.": "用它回答第一个提示。",
    "Join the line chat: what is typed is sent, what others say is shown.": (
        "加入聊天室:输入的就发出去,别人说的就显示出来。"
    ),
    "/help lists the commands, Ctrl-D leaves. In a pipe every line is sent, and it ends once the"
    " server has been quiet; the exit status is 1 if it has said nothing.": (
        "/help 列出命令,按 Ctrl-D 离开。用管道时逐行发送,服务器安静下来就结束;一直没有回应则退出状态为 1。"
    ),
    "Answer the question for a nickname with NAME.": "用它回答昵称的提示。",
    "In a pipe: the quiet after which it ends (2).": "用管道时:安静多少秒后结束(默认 2)。",
    # http, feiq
    "Show an HTTP answer: status line, headers, a blank line, the body.": (
        "显示 HTTP 回答:状态行、头部、空行、正文。"
    ),
    "The text is read as UTF-8, else as GB18030. The exit status is 1 if the answer is an error.": (
        "正文按 UTF-8 解码,不行再按 GB18030。回答是错误时,退出状态为 1。"
    ),
    "Ask for status line and headers only.": "只要状态行和头部。",
    "Send a message to FeiQ or IP Messenger, in GBK unless --encoding says utf-8.": (
        "给飞秋或 IP Messenger 发消息;默认用 GBK 编码,除非写明 --encoding utf-8。"
    ),
    "One address is asked for its receipt: the exit status is 1 if none comes within 3 s. A network"
    " is written to, 50 addresses a second and at most 1024, and nothing is awaited.": (
        "发给一个地址时等待回执:3 秒内没有则退出状态为 1。发给网段时每秒 50 个地址,最多 1024 个,不等回执。"
    ),
    "One address, or a private network.": "一个地址,或一个局域网网段。",
    "Their port (2425).": "对方的端口(默认 2425)。",
    **chinese_user.HELP,
    **chinese_zone.HELP,
    # backup, restore, db
    "Save accounts, messages, keys, settings and shared files in one file; services may run.": (
        "把账号、消息、密钥、设置和共享文件备份成一个文件;服务不用停。"
    ),
    "It is a tar archive in gzip, of mode 0600, and as secret as what is in it; - is standard output. It"
    " appears whole or not at all.": (
        "格式为 tar.gz,权限 0600,内容须保密;- 表示标准输出。中途出错不会留下半个文件。"
    ),
    "Leave the shared files out.": "不备份共享文件。",
    "Put a backup in the state directory's place; services must be stopped.": (
        "用备份换下状态目录;要先停下服务。"
    ),
    "All of it is verified first. What was there is kept beside, with the time in its name. Whatever goes"
    " wrong, the old state or the new one is there, whole.": (
        "先核对整个备份再动手。原来的目录改名留在旁边,名字里有时间。"
        "无论哪里出错,状态目录要么是旧的,要么是新的,不会只有一半。"
    ),
    "Only see whether the backup is whole.": "只检查备份是否完好。",
    "Replace a state that holds something.": "状态目录里已有内容时也换掉。",
    "Check the databases, and bring them up to date.": "检查数据库,升级到最新版本。",
    "Read every database whole and see what is wrong; services may run.": (
        "把每个数据库从头到尾读一遍,看有没有问题;服务不用停。"
    ),
    "The exit status is 1 if something is.": "有问题时退出状态为 1。",
    "Bring the databases to this netapp's revision, after a copy is put aside.": (
        "把数据库升级到现在的版本;升级前先留一份副本。"
    ),
    "A start does the same by itself.": "服务启动时也会自动这样做。",
    # service
    "Start with the machine, by systemd.": "用 systemd 开机自动启动。",
    "Start with the machine: units for systemd, with a user of their own.": (
        "开机自动启动:生成 systemd 单元,使用单独的用户。"
    ),
    "Write systemd units for twistd of this environment.": "为这个环境的 twistd 写 systemd 单元。",
    "What stands behind -- are options of the plugin. Nothing is started: the commands that do are shown.": (
        "-- 后面的是插件自己的选项。不会启动任何东西,只显示启动用的命令。"
    ),
    "Run this one: netapp (all), netapp-dns, ...": "运行哪个插件:netapp(全部)、netapp-dns 等。",
    "Whom it runs as; made if it is netapp (netapp).": "以哪个用户运行;netapp 会自动建立(默认 netapp)。",
    "Where things are kept (/var/lib/netapp).": "数据目录(默认 /var/lib/netapp)。",
    "The settings (netapp.toml in the state directory).": "设置文件(默认为数据目录里的 netapp.toml)。",
    "Let systemd open this TCP port; repeatable.": "由 systemd 打开这个 TCP 端口;可以写多个。",
    "Another folder that it may write, such as a share; repeatable.": (
        "另一个允许写入的目录,例如共享目录;可以写多个。"
    ),
    "Show the units, write nothing.": "只显示单元,不写文件。",
    "Write below it, as for an image.": "写到这个目录下面,例如制作系统镜像时。",
    "Show the units that were written.": "显示已写的单元。",
    "Remove the units that were written; data and user stay.": "删除已写的单元;数据和用户保留。",
    # status
    "Show what runs here, who is there, and what is wrong.": "查看运行情况:服务、在线的人、有什么问题。",
    "Show what runs here.": "查看本机的运行情况。",
    "Where other machines reach each service, how many clients it has, who is present, what is kept, and"
    " what is wrong. While nobody has an account, a terminal is shown the code for the first"
    " administrator's. The exit status is 1 if nothing runs.": (
        "其他机器怎样访问各项服务,各有多少连接,谁在线,数据保留多久,有什么问题。"
        "还没有人有账号时,在终端上显示建第一个管理员账号的邀请码。没有在运行时,退出状态为 1。"
    ),
    "One JSON object, sizes in octets, times in seconds.": "输出一个 JSON 对象,大小以字节计,时间以秒计。",
    "Show the QR code of the page's address too.": "同时显示网页地址的二维码。",
    # doctor
    "Ports and who has them, who answers on which address, firewalls, the resolver, the clock, disks,"
    " limits, the state directory and its databases. Looked at are the services that run, else those of"
    " --config or of a plugin and its options as twistd would take them. Each finding names its cure;"
    " nothing is changed, and no service notices. Root sees more. The exit status is 1 if something is"
    " wrong.": (
        "检查端口(被谁占用)、各个地址有没有回应、防火墙、域名解析、时钟、磁盘、系统限制、状态目录和数据库。"
        "检查的是正在运行的服务;没有就检查 --config 里的,或者命令行上给出的插件和选项(写法与 twistd 相同)。"
        "每个问题都给出解决办法;检查不改动任何东西,服务也不会察觉。以 root 运行能看到更多。"
        "有问题时退出状态为 1。"
    ),
    "The services' configuration file.": "服务的配置文件。",
    "For programs: a list of findings.": "输出 JSON,供程序使用。",
    "Look at this one.": "检查这个目录。",
}

#: What stands beside the examples.
COMMENTS: Final = {
    "before it is started so": "这样启动之前",
    "this host's own names and addresses": "本机的名字和地址",
    "asks for names until an empty one": "逐个询问域名,直接回车结束",
    "each line typed is a message": "每行一条消息",
    "answers every message": "回复每条消息",
    "each line typed is a datagram, an empty one too": "每行一个数据报,空行也是",
    "shows what comes; a line answers who spoke last": "显示收到的;输入的回复最后发言者",
    "Wireshark opens it": "可用 Wireshark 打开",
    "1 sends, 2 receives, anything else quits": "1 发送,2 接收,其他退出",
    "run it again to go on where it was cut": "中断后再运行一次即可续传",
    "with sizes, by the line LIST": "带大小,用 LIST 命令",
    "to everybody, 50 a second, no receipt awaited": "发给所有人,每秒 50 个,不等回执",
}
_HEADINGS: Final = {
    "Usage: ": "用法:",
    "Options": "选项",
    "Commands": "命令",
    "Examples:": "例子:",
    "Example:": "例子:",
}


class Formatter(helptext.Formatter):
    """Click's own headings in Chinese."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        wide = len(_HEADINGS["Usage: "])  # click counts each of its characters as one
        self.width -= wide
        super().write_usage(prog, args, _HEADINGS["Usage: "])
        self.width += wide

    def write_heading(self, heading: str) -> None:
        super().write_heading((_HEADINGS | chinese_user.HEADINGS).get(heading, heading))

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(name, line(text)) for name, text in rows], col_max, col_spacing)


class Context(click.Context):
    """A command's context, whose help is in Chinese."""

    formatter_class = Formatter


def translated(command: click.Command) -> click.Command:
    """The command with its help in Chinese."""
    helptext.in_cells(command, Context)
    command.help = paragraphs(command.help)
    command.epilog = examples(command.epilog)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            translated(below)
    return command


def paragraphs(text: str | None) -> str:
    """A command's description."""
    return "\n\n".join(line(each) for each in cleandoc(text or "").split("\n\n"))


def line(text: str) -> str:
    """One paragraph, or an option's help with what click adds to it, such as its range."""
    joined = " ".join(text.split())
    bare, bracket, added = joined.rpartition(" [")
    if joined in HELP or not bracket:
        return HELP.get(joined, joined)
    return HELP.get(bare, bare) + bracket + added.replace("required", "必填")


def examples(text: str | None) -> str:
    text = text or ""
    for english, chinese in {**COMMENTS, **_HEADINGS}.items():
        text = text.replace(english, chinese)
    return text
