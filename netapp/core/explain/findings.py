"""What can be found wrong with a client, in both languages: what was seen, what it means, the cure."""

from typing import Final

from netapp.core.languages import Phrases

#: Each has its paragraph in ``docs/howto/explain.md`` and a test that provokes it.
FINDINGS: Final = Phrases(
    {
        # The end of a connection -----------------------------------------------------------------
        "unread": (
            "我们发了 {count} 字节,对方没读完就关闭了连接(收到 RST)。一次 recv 不等于一条消息:"
            "循环 recv,直到返回 b''",
            "we sent {count} octets, and the connection was closed (by a reset) before all were read: "
            "one recv is not one message; loop until recv returns b''",
        ),
        "cut": (
            "共 {size} 字节,对方最多收了 {taken} 字节就关闭了连接。一次 recv 不等于一个文件:"
            "循环 recv,直到返回 b''",
            "closed after at most {taken} of {size} octets: one recv is not one file; "
            "loop until recv returns b''",
        ),
        "stalled": (
            "还有数据没发完,对方已经 {seconds} 秒没读了(系统里积压 {count} 字节)。要一直 recv 到返回 b'',"
            "读完才能去做别的事",
            "nothing was read for {seconds} s while {count} octets wait in the system and more are to come: "
            "keep calling recv until it returns b''",
        ),
        "reset": (
            "连接中途被重置(RST),不是正常的 close:程序被强行结束(Ctrl-C、崩溃),或设了 SO_LINGER 0",
            "the connection was reset, not closed: the program was killed or crashed in the middle, "
            "or sets SO_LINGER to 0",
        ),
        "wordless": (
            "连上后一个字节也没发就关闭了:程序在 connect 和 send 之间就结束了,看看它有没有报错",
            "connected, and closed without a word: the program ended between connect and send; "
            "see what it printed",
        ),
        "silence": (
            "连上 {seconds} 秒了,双方都没说话:这里要客户端先 send。两边都在 recv,就会永远等下去",
            "connected for {seconds} s, and nobody has said anything: here the client speaks first. "
            "If both sides wait in recv, both wait for ever",
        ),
        # Messages on a stream ----------------------------------------------------------------------
        "stuck": (
            "{count} 次 send 的内容粘在一起,一次就读到了(粘包)。TCP 不分消息:"
            "每条末尾加换行,或先发长度;一问一答时,先收回答再发下一条",
            "{count} sends arrived stuck together as one read. TCP knows no messages: end each with "
            "a newline or send its length first, or wait for the answer before the next",
        ),
        "split": (
            "一个汉字被拆成两半,分两次发来。别按字节数切开再发:先 encode 整条文字,再 sendall",
            "a character came in two halves, by two sends. Do not cut encoded text by octets: "
            "encode the whole text, then sendall",
        ),
        "quiet": (
            "没有换行,等了 {seconds:.1f} 秒没有下文,才当作一条消息(T10、T11、T18 本来如此,不用改)。"
            "想立刻得到回答,可在末尾加 \\n,自己写的服务器要先 strip",
            "no newline came; taken as a message after {seconds:.1f} s of quiet. T10, T11, T18 are so, "
            "and right. \\n at the end is answered at once; a server of yours has to strip it",
        ),
        "early": (
            "还没收到提示就发来了下一条。一问一答:先 recv 到提示,再 send",
            "the next line came before our prompt for it. Each in turn: recv the prompt, then send",
        ),
        # Text and its octets -----------------------------------------------------------------------
        "gbk answer": (
            "来的是 UTF-8,我们按设置用 GBK 回答:按 UTF-8 解码,会看到“{shown}”。"
            "收要用 decode('gbk')(T1、T3、T6 本来如此,不用改);T16、T20 该改的是发:encode('gbk')",
            "UTF-8 came in, GBK went out as we are set to: read as UTF-8 that is “{shown}”. "
            "Use decode('gbk'), as T1, T3, T6 do; T16 and T20 should send encode('gbk')",
        ),
        "utf-8 answer": (
            "来的是 GBK,我们按设置用 UTF-8 回答:按 GBK 解码,会看到“{shown}”。"
            "收要用 decode('utf-8')(T7 的客户端本来如此,不用改)",
            "GBK came in, UTF-8 went out as we are set to: read as GBK that is “{shown}”. "
            "Use decode('utf-8'), as a client of T7 does",
        ),
        "undecodable": (
            "第 {position} 个字节 0x{octet} 既不是 UTF-8 也不是 GB18030:用 text.encode('utf-8') 再发",
            "octet {position} (0x{octet}) is neither UTF-8 nor GB18030: send text.encode('utf-8')",
        ),
        "nul": (
            "文字末尾多了 {count} 个 0 字节:C 里应当 send(buf, strlen(buf)),不是 sizeof buf",
            "{count} NUL octets follow the text: in C write send(buf, strlen(buf)), not sizeof buf",
        ),
        "bom": (
            "开头有 BOM(EF BB BF),它成了文字的一部分:用 'utf-8',不要用 'utf-8-sig' 或记事本的“带 BOM”",
            "it begins with a BOM (EF BB BF), which becomes a part of the text: "
            "use 'utf-8', not 'utf-8-sig', and save without a BOM",
        ),
        "utf16": (
            "来的是 UTF-16(开头是 {octets}),这里只认 UTF-8 和 GB18030:用 text.encode('utf-8')",
            "it is UTF-16 (it begins with {octets}); UTF-8 and GB18030 are read here: text.encode('utf-8')",
        ),
        # Another protocol --------------------------------------------------------------------------
        "http": (
            "来的是 HTTP 请求,这个端口不是网页:浏览器请换网页的端口,这里用 telnet、nc 或自己的程序",
            "an HTTP request came, and this port is no web page: use the page's port for a browser, "
            "and telnet, nc or your program here",
        ),
        "tls": (
            "来的是 TLS 握手(https 或 ssl.wrap_socket),这个端口是明文:去掉 TLS,或用 ssl: 监听",
            "a TLS handshake came (https, ssl.wrap_socket), and this port is plain: leave TLS out, "
            "or have us listen with ssl:",
        ),
        "ssh": (
            "来的是 SSH 客户端,这个端口不说 SSH:检查 ssh 或 sftp 的 -p/-P 端口号",
            "an SSH client came, and this port speaks no SSH: check the port given to ssh -p or sftp -P",
        ),
        # Files -------------------------------------------------------------------------------------
        "missing": (
            "没有“{name}”这个文件,没发数据就关闭了,recv 会得到 b''。核对名字和大小写;发 LIST 加换行可看清单",
            "there is no file “{name}”: we closed without any octet, and recv gives b''. "
            "Check name and case; LIST and a newline shows what there is",
        ),
        "path": (
            "“{name}”里带着路径,共享目录里没有:只发文件名,如 os.path.basename(path)",
            "“{name}” has a path in it, and the share has no such: send only the name, "
            "as os.path.basename(path)",
        ),
        "empty file": (
            "文件“{name}”是空的:0 字节,recv 马上得到 b'',这不是出错",
            "the file “{name}” is empty: 0 octets, recv gives b'' at once, and that is no error",
        ),
        "frame order": (
            "长度 {length} 用的是大端('!i' 或 '>i'),T12、T13 用的是小端:struct.pack('<i', n);"
            "按小端读会是 {wrong}",
            "the length {length} came big-endian ('!i', '>i'), and T12 and T13 are little-endian: "
            "use struct.pack('<i', n); read so it would be {wrong}",
        ),
        "frame characters": (
            "长度写的是 {length},实际来了 {octets} 字节:长度要数字节,不是字数,即 len(text.encode())",
            "the length says {length}, and {octets} octets came: count octets, not characters: "
            "len(text.encode())",
        ),
        "frame long": (
            "长度用了 8 个字节('q',或 64 位的 'l'),T12、T13 的长度是 4 个:用 struct.pack('<i', n)",
            "the length has 8 octets ('q', or 'l' of 64 bits), and T12's and T13's has 4: "
            "struct.pack('<i', n)",
        ),
        "frame dictionary": (
            "字典读不懂,没有回答就关闭了:用 json.dumps 生成(JSON 只认双引号),里面要有 filename",
            "the dictionary cannot be read, and we closed without an answer: make it by json.dumps "
            "(JSON has double quotes), with a filename in it",
        ),
        "frame head": (
            "长度本身要 4 个字节,只来了 {octets} 个,再没有下文:先 struct.pack('<i', n),再用 sendall 发",
            "a length has 4 octets; {octets} came, and no more: "
            "struct.pack('<i', n) makes it, sendall sends it",
        ),
        "frame short": (
            "长度写的是 {length},只来了 {octets} 字节,再没有下文:长度与内容不符,或没有用 sendall 发完",
            "the length says {length}, only {octets} octets came, and no more: it is not the payload's own, "
            "or not all was sent (sendall)",
        ),
        # Datagrams ---------------------------------------------------------------------------------
        "empty": (
            "来了一个空数据报(0 字节),已照样回答:多半是输入了空行;send 之前先看文字是否为空",
            "an empty datagram came, and was answered: an empty line was typed, most likely; "
            "see that the text is not empty before it is sent",
        ),
        "lost": (
            "收到 {came} 个数据报,另有 {lost} 个丢在我们满了的接收缓冲区里:UDP 不保证送达;"
            "发一个等一个回答,或每次发送之间停一下",
            "{came} datagrams came, and {lost} more were lost in our full buffer: UDP promises nothing; "
            "wait for the answer to each, or pause between them",
        ),
        "gone": (
            "我们的回答到时,端口 {port} 已经关闭:要收回答,先 recvfrom 再 close(只发不收就不必理会)",
            "when our answer left, nobody held port {port} any more: if you want the answer, "
            "recvfrom before close (else all is well)",
        ),
        "long": (
            "来的数据报有 {count} 字节,超过 1024:对方若用 recvfrom(1024),后面的 {rest} 字节就没了;"
            "分成几个发,或用 recvfrom(65535)",
            "a datagram of {count} octets came: recvfrom(1024) gives the first 1024, and {rest} are "
            "gone for good; send less in each, or read with recvfrom(65535)",
        ),
        "halved": (
            "数据报在一个汉字中间断了(共 {count} 字节):按字符切分文字,不要切 encode 之后的字节",
            "the datagram ends in the middle of a character (at {count} octets): cut text by characters, "
            "not after encode",
        ),
        "again": (
            "一秒内来了 {count} 个一模一样的数据报:程序在死循环里发送,或两个服务器在互相回答",
            "the very same datagram came {count} times in a second: a loop sends without end, "
            "or two servers answer each other",
        ),
    }
)

#: What is said when too much was found to say it all.
TOLD = Phrases(
    {
        "left out": (
            "过去 {seconds:.0f} 秒内另有 {count} 条说明没有写出",
            "{count} more were found in the last {seconds:.0f} s and left out",
        ),
    }
)
