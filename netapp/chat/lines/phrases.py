"""What the line chat says to one client."""

from typing import Final

from netapp.core.languages import Phrases

_HELP_ZH = (
    "直接输入文字就是发言。命令:",
    "  /join 房间     进入或切换房间          /加入",
    "  /leave        离开当前房间            /离开",
    "  /rooms        有哪些房间              /房间",
    "  /who          房间里有谁              /在线",
    "  /msg 名字 话   悄悄说给一个人          /私聊",
    "  /me 动作       例如 /me 挥挥手         /动作",
    "  /nick 名字     改名                    /改名",
    "  /topic [主题]  看或改房间主题          /主题",
    "  /history [数]  看以前的消息            /历史",
    "  /quit         再见(也可只输入 quit)   /退出",
)
_HELP_EN = (
    "Just type to speak.  Commands:",
    "  /join ROOM       enter a room, or turn to it",
    "  /leave           leave this room",
    "  /rooms           which rooms there are",
    "  /who             who is in this room",
    "  /msg NAME TEXT   tell one person only",
    "  /me ACTION       for example: /me waves",
    "  /nick NAME       change your name",
    "  /topic [TEXT]    show or set what the room is about",
    "  /history [N]     what was said before",
    "  /quit            good bye (or just: quit)",
)

PHRASES: Final = Phrases(
    {
        "name?": ("请输入昵称:", "Your nickname: "),
        "password?": (
            "{name} 是注册用户,请输入密码(直接回车则换个昵称):",
            "{name} has an account.  Its password (or just Enter for another name): ",
        ),
        "wrong password": ("密码不对。", "That is not the password."),
        "revoked": (
            "这个账号的密码已改,或账号已停用,再见!",
            "Your password has changed, or your account is not to be used any more.  Good bye!",
        ),
        "tries": ("尝试次数太多,再见!", "Too many tries.  Good bye!"),
        "taken": ("{name} 已经有人用了。", "{name} is taken."),
        "too late": ("等太久了,再见!", "You took too long.  Good bye!"),
        "name empty": ("昵称不能为空。", "A nickname cannot be empty."),
        "name long": ("这个名字太长。", "This name is too long."),
        "name sign": ("名字里有不能用的符号。", "This name has a sign that is not allowed."),
        "name space": ("名字里不能有空格。", "A name has no spaces."),
        "name hidden": ("名字里有看不见的字符。", "This name has characters that cannot be seen."),
        "welcome": (
            "欢迎,{name}!你在大厅。输入 /help 看命令。",
            "Welcome, {name}!  You are in the lobby.  /help shows the commands.",
        ),
        "entered": ("你在 {room}。", "You are in {room}."),
        "topic is": ("主题:{topic}", "Topic: {topic}"),
        "no topic": ("没有主题。", "There is no topic."),
        "here": ("这里有 {count} 人:{names}", "{count} here: {names}"),
        "rooms": ("房间:{rooms}", "Rooms: {rooms}"),
        "room": ("{room}({count} 人)", "{room} ({count})"),
        "left": ("你离开了 {room},回到{now}。", "You have left {room} and are in {now}."),
        "stay": ("大厅不能离开;/quit 退出。", "One cannot leave the lobby; /quit ends."),
        "you are": ("你现在叫 {name}。", "You are now called {name}."),
        "nothing": ("还没有消息。", "Nothing has been said yet."),
        "nobody": ("没有叫 {name} 的人在线。", "Nobody here is called {name}."),
        "unknown": (
            "没有 {command} 这个命令;输入 /help 看命令。",
            "There is no {command}; /help shows the commands.",
        ),
        "usage": ("用法:{usage}", "Use: {usage}"),
        "too long": ("这一行太长,没有发出。", "This line is too long; it was not sent."),
        "too much": ("太多了,没有做成。", "That is too much; it was not done."),
        "failed": (
            "没有发出去:服务器存不下来,请稍后再试。",
            "Not sent: the server could not store it.  Try again later.",
        ),
        "busy": ("服务器正忙,请稍后再试。", "The server is busy.  Try again later."),
        "hint": ("输入文字发言,/help 看命令。", "Type to speak; /help shows the commands."),
        "bye": ("再见!", "Good bye!"),
        "help": ("\r\n".join(_HELP_ZH), "\r\n".join(_HELP_EN)),
        "service": ("聊天室", "the chat"),
    }
)
