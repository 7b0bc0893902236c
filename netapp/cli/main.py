"""``netapp``: finds the command, imports it, and ends in one line what went wrong."""

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

import netapp
from netapp.cli import common, helptext
from netapp.core.languages import Phrases

#: Command to (module and name in it, what ``netapp --help`` says of it).
COMMANDS: Final = {
    "dns": ("netapp.cli.dns:dns", "Ask for a name's address."),
    "tcp": ("netapp.cli.assistant.tcp:tcp", "Send and show text or hex over TCP, as client or server."),
    "udp": ("netapp.cli.assistant.udp:udp", "The same in datagrams; --menu is driven by numbers."),
    "get": ("netapp.cli.get:get", "Fetch files from the file service."),
    "put": ("netapp.cli.put:put", "Store files in the file service."),
    "ls": ("netapp.cli.ls:ls", "List the file service's files."),
    "login": ("netapp.cli.login:login", "Log in by prompts."),
    "chat": ("netapp.cli.chat:chat", "Join the line chat."),
    "http": ("netapp.cli.http:http_", "Show an HTTP answer: status line, headers, body."),
    "feiq": ("netapp.cli.feiq:feiq", "Send a message to FeiQ or IP Messenger."),
    "user": ("netapp.cli.user:user", "Add, change and list accounts."),
    "zone": ("netapp.cli.zone:zone", "Check zone files, and see the zones that are served."),
    "backup": ("netapp.cli.keeping.backup:backup", "Save the state directory in one file."),
    "restore": ("netapp.cli.keeping.restore:restore", "Put a backup in its place."),
    "db": ("netapp.cli.keeping.db:db", "Check and upgrade the databases."),
    "service": ("netapp.cli.service:service", "Start with the machine, by systemd."),
    "status": ("netapp.cli.status:status", "Show what runs here, who is there, and what is wrong."),
    "doctor": ("netapp.cli.doctor.command:doctor", "Look for what is wrong on this machine."),
}

PHRASES: Final = Phrases(
    {
        "no command": ("没有 {name} 这个命令", "there is no command {name}"),
        "no option": ("没有 {name} 这个选项", "there is no option {name}"),
        "needless": ("选项 {name} 后面不带值", "{name} takes no value"),
        "no value": ("选项 {name} 后面缺少值", "{name} needs a value"),
        "missing": ("缺少 {name}", "{name} is missing"),
        "bad": ("{name}:{reason}", "{name}: {reason}"),
        "choose": ("{name} 只能是 {choices} 之一", "{name} is one of {choices}"),
        "number": ("{name} 应为数字{range}", "{name} is a number{range}"),
        "too many": ("多出的参数:{what}", "unexpected extra argument: {what}"),
        "full": ("写不出去:{reason}", "the output cannot be written: {reason}"),
        "help": ("(用法见 {command} --help)", " (see {command} --help)"),
    }
)
say: Final = common.words(PHRASES)
#: What a device says that takes no more.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_NUMBERS: Final = (click.types.IntParamType, click.types.FloatParamType)  # a range is one of them too


class LazyGroup(click.Group):
    """Imports a command when it is called, so that ``netapp --help`` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return _in_the_users_language(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _in_the_users_language(command: click.Command) -> click.Command:
    if say.lang != "zh":
        return helptext.in_cells(command)
    from netapp.cli.chinese import translated

    return translated(command)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  netapp tcp 127.0.0.1:8888 --send hello",
)
@click.version_option(netapp.__version__, message="netapp %(version)s")
def cli() -> None:
    """Clients for netapp's services, and administration."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The installed command.  Exit status: 0, 1 failed, 2 wrongly called, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows "?"
    try:
        _in_the_users_language(cli)
        status = cli.main(arguments, "netapp", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        status = _tell(error)
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except (common.OutputGone, BrokenPipeError):
        _write_no_more()
        status = 141  # as a program that SIGPIPE ends
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _write_no_more()
        common.note(f"netapp: {say('full', reason=error.strerror)}")
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _tell(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    command = context.command_path if context is not None else "netapp"
    line = f"{command}: {explained(error)}"
    if isinstance(error, click.UsageError):
        line += say("help", command=command)
    common.note(" ".join(line.split("\n")))
    return error.exit_code


def explained(error: click.ClickException) -> str:
    """Click's errors in the user's language; our own are in it already."""
    param = getattr(error, "param", None)
    name = getattr(error, "param_hint", None) or _name_of(param)
    match error:
        case click.exceptions.NoSuchOption():
            return say("no option", name=error.option_name)
        case click.exceptions.BadOptionUsage() if "requires an argument" in error.message:
            return say("no value", name=error.option_name)
        case click.exceptions.BadOptionUsage() if "does not take a value" in error.message:
            return say("needless", name=error.option_name)
        case click.exceptions.MissingParameter():
            return say("missing", name=name)
        case click.BadParameter() if param is not None and isinstance(param.type, click.Choice):
            return say("choose", name=name, choices=", ".join(map(str, param.type.choices)))
        case click.BadParameter() if param is not None and isinstance(param.type, _NUMBERS):
            return say("number", name=name, range=_range_of(param.type))
        case click.BadParameter() if param is not None and isinstance(param.type, common.Place):
            return error.message  # it begins with what was written
        case click.BadParameter():
            return say("bad", name=name, reason=error.message) if name else error.message
        case click.exceptions.NoSuchCommand():
            return say("no command", name=error.command_name)
        case click.UsageError() if "unexpected extra" in error.message:
            return say("too many", what=error.message.partition("(")[2].rpartition(")")[0])
        case _:
            return error.format_message()


def _name_of(param: click.Parameter | None) -> str:
    if param is None:
        return ""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return param.make_metavar(click.Context(cli)).strip("[].")


def _range_of(kind: Any) -> str:
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None:
        return ""
    return f" (>= {least})" if most is None else f" ({least}-{most})"


def _write_no_more() -> None:
    """Our output goes nowhere: what is still buffered must not raise at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
