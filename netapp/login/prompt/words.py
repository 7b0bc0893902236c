"""What the prompt says."""

from typing import Final

from netapp.core.languages import Phrases

#: The Chinese of the first four is the tutorials' own, without a newline.
PHRASES: Final = Phrases(
    {
        "name": ("请输入用户名:", "User name: "),
        "password": ("请输入密码:", "Password: "),
        "admitted": ("登录成功", "Logged in\n"),
        "wrong": ("用户名或密码输入错误", "Wrong user name or password\n"),
        "code": ("验证码或恢复码:", "One-time or recovery code: "),
        "busy": ("服务器正忙,请稍后再试\n", "Too many log in at once, try again later\n"),
        "unavailable": ("暂时无法登录,请稍后再试\n", "Logging in does not work now, try again later\n"),
        "full": (
            "这个账号的会话太多,请先退出一些\n",
            "This account has too many sessions: log out of some first\n",
        ),
        "tries": ("尝试次数太多,再见\n", "Too many tries, goodbye\n"),
        "slow": ("等待超时,再见\n", "You took too long, goodbye\n"),
        "flood": ("\n一次输入太多,再见\n", "\nToo much at once, goodbye\n"),
        # Who has an invitation
        "invited": (
            "邀请码有效,请设置您的账号\n",
            "The invitation is good: choose your account\n",
        ),
        "invited for": (
            "邀请码有效,请为账号 {name} 设置密码\n",
            "The invitation is good: choose a password for {name}\n",
        ),
        "not invited": (
            "邀请码无效、已用过或已过期\n",
            "This invitation is not valid, was used, or has expired\n",
        ),
        "new name": ("新用户名:", "New user name: "),
        "new password": ("新密码:", "New password: "),
        "again": ("再输入一次密码:", "The password again: "),
        "differ": ("两次输入的密码不一样\n", "The two passwords are not the same\n"),
        "refused": ("{reason}\n", "{reason}\n"),
    }
)
