"""A password from a terminal or a pipe, judged and hashed as the state directory's settings say."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from netapp.cli import common
from netapp.cli.user.base import failures
from netapp.core import text
from netapp.core.languages import Phrases

if TYPE_CHECKING:
    from netapp.people.model import Password
    from netapp.people.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])

PHRASES: Final = Phrases(
    {
        "prompt": ("密码", "Password"),
        "again": ("再输入一次", "Again"),
        "differ": ("两次输入的密码不一样", "the two passwords differ"),
        "no terminal": (
            "没有终端可以输入密码:请用 --password-stdin",
            "there is no terminal to ask for the password: use --password-stdin",
        ),
    }
)
say: Final = common.words(PHRASES)


def password_options(function: Function) -> Function:
    for option in (
        click.option(
            "--password-policy",
            "policy",
            type=click.Choice(("basic", "nist")),
            help="What this password must be; by default as netapp user policy says.",
        ),
        click.option(
            "--allow-weak", is_flag=True, help="Take a password that is short, common or the account's name."
        ),
        click.option("--password-stdin", is_flag=True, help="Read the password from standard input."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True)
class Wanted:
    """How a password is asked for, and what it must be.  :param policy: None for the stored one."""

    from_stdin: bool
    allow_weak: bool
    policy: Any = None

    def hashed(self, settings: "Settings", name: str, *, second_factor: bool = False) -> "Password":
        """Ask, judge and hash; it fails, in one line, where that cannot be."""
        from netapp.people import rules
        from netapp.people.model import Password

        with failures():
            hasher = settings.hasher()  # before anybody types a password
            octets = rules.new_password(
                _asked(self.from_stdin),
                policy=self.policy or settings.policy,
                second_factor=second_factor,
                name=name,
                allow_weak=self.allow_weak,
            )
            return Password(hasher.hash(octets), hasher.current, rules.stands_alone(octets))


def _asked(from_stdin: bool) -> str:
    """The password: typed twice and not shown, or standard input without its line's end."""
    if from_stdin:
        octets = sys.stdin.buffer.read()
        return text.decode(octets.removesuffix(b"\n").removesuffix(b"\r"))[0]
    if not common.on_terminal():
        common.fail(say("no terminal"))
    password: str = click.prompt(say("prompt"), hide_input=True, err=True)
    if click.prompt(say("again"), hide_input=True, err=True) != password:
        common.fail(say("differ"))
    return password
