"""``netapp service install``, ``show`` and ``remove``."""

import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from netapp.cli import common
from netapp.cli.options import STATE
from netapp.cli.service import files, place, unit
from netapp.cli.service.words import say
from netapp.core import settingsfile
from netapp.errors import ConfigError

#: The plugins, by what stands behind ``netapp-``; the house has no such part.
SERVICES: Final = ("dns", "login", "chat", "file", "udpchat", "echo")
PLUGINS: Final = ("netapp", *(f"netapp-{each}" for each in SERVICES))
#: The user that is made; another must be there.
OWN_USER: Final = "netapp"
_USER: Final = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)  # as useradd(8) has it
_SOCKET: Final = re.compile(
    r"(?:(?P<service>[a-z]+)=)?(?:(?P<host>[0-9.]+|\[[0-9a-fA-F:.]+\]):)?(?P<port>[0-9]{1,5})", re.ASCII
)


def plugin_option(function: common.Function) -> common.Function:
    return click.option(
        "--plugin", default="netapp", metavar="NAME", help="Run this one: netapp (all), netapp-dns, ..."
    )(function)


def root_option(function: common.Function) -> common.Function:
    return click.option(
        "--root", type=click.Path(path_type=Path), metavar="DIR", help="Write below it, as for an image."
    )(function)


@click.command(
    epilog="Examples:\n\n\b\n  netapp service install --print\n  netapp service install --socket file=80"
    "\n  netapp service install --plugin netapp-dns -- --listen udp:53 --hosts /etc/hosts"
)
@plugin_option
@click.option(
    "--user", default="netapp", metavar="NAME", help="Whom it runs as; made if it is netapp (netapp)."
)
@click.option("--state", default="/var/lib/netapp", type=STATE, metavar="DIR",
              help="Where things are kept (/var/lib/netapp).")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE",
              help="The settings (netapp.toml in the state directory).")  # fmt: skip
@click.option("--socket", "sockets", multiple=True, metavar="[SERVICE=][ADDRESS:]PORT",
              help="Let systemd open this TCP port; repeatable.")  # fmt: skip
@click.option("--write", "writes", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Another folder that it may write, such as a share; repeatable.")  # fmt: skip
@click.option("--print", "only_print", is_flag=True, help="Show the units, write nothing.")
@root_option
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- PLUGIN-OPTION...]")
def install(only_print: bool, root: Path | None, **given: Any) -> None:
    """Write systemd units for twistd of this environment.

    What stands behind -- are options of the plugin.  Nothing is started: the commands that do are shown.
    """
    wanted, settings = planned(anywhere=root is not None, **given)
    if only_print:
        files.show(unit.files(wanted))
        return warn(wanted.user, fatal=False)
    if root is None and os.geteuid() != 0:
        common.fail(say("not root"))
    if root is None and not Path("/run/systemd/system").is_dir():
        files.show(unit.files(wanted))
        common.fail(say("no systemd"))
    warn(wanted.user, fatal=root is None)
    cache_plugins()
    written = {files.below(root, path): text for path, text in unit.files(wanted).items()}
    files.write(written)
    files.show(written)
    return tell_what_is_next(wanted, given["config"], settings)


def _sockets_of(sockets: Sequence[str], plugin: str) -> tuple[unit.Socket, ...]:
    """It fails, in one line, where one is none, or two have one name."""
    opened = tuple(socket_of(each, plugin) for each in sockets)
    for at, each in enumerate(opened):
        if each.name in {other.name for other in opened[:at]}:
            common.fail(say("twice", value=sockets[at]))
    return opened


def planned(
    *,
    anywhere: bool,
    plugin: str,
    user: str,
    state: Path,
    config: Path | None,
    sockets: Sequence[str],
    writes: Sequence[Path],
    options: tuple[str, ...],
) -> tuple[unit.Wanted, dict[str, Any]]:
    """What is to be installed, and the settings that it will read.

    It fails, in one line, where they cannot be.

    :param anywhere: it is for another machine, whose users are not known here.
    """
    own_user = user == OWN_USER
    sound(plugin, user, own_user or anywhere, [state, config, *writes, *options])
    if ":" in str(state):
        common.fail(say("colon", path=state))
    state = Path(os.path.abspath(state))
    opened = _sockets_of(sockets, plugin)
    given = arguments(plugin, config, opened, options)
    file = config or state / "netapp.toml"
    settings = settings_of(file)
    check(plugin, given if config or not settings else (f"--config={file}", *given))
    ours = place.here()
    wanted = unit.Wanted(
        plugin=plugin,
        user=user,
        own_user=own_user,
        state=state,
        bin=ours.bin,
        options=given,
        sockets=opened,
        writes=tuple(Path(os.path.abspath(each)) for each in writes),
        home=ours.protect_home,
        low_ports=unit.binds_low_ports([*options, settings]),
    )
    return wanted, settings


@click.command(epilog="Example:  netapp service show")
@plugin_option
@root_option
def show(plugin: str, root: Path | None) -> None:
    """Show the units that were written."""
    found = files.installed(known(plugin), root)
    if not found:
        common.fail(say("nothing", plugin=plugin))
    files.show({path: path.read_text("utf-8") for path in found})


@click.command(epilog="Example:  netapp service remove")
@plugin_option
@root_option
def remove(plugin: str, root: Path | None) -> None:
    """Remove the units that were written; data and user stay."""
    if root is None and os.geteuid() != 0:
        common.fail(say("not root remove"))
    found = files.installed(known(plugin), root)
    if not found:
        common.fail(say("nothing", plugin=plugin))
    units = " ".join(path.name for path in found)
    for path in found:
        try:
            for link in path.parent.glob(f"*.wants/{path.name}"):  # what systemctl enable has made
                link.unlink()
            path.unlink()
        except OSError as error:
            common.fail(common.trouble(error, path))
        common.note(say("removed", path=path))
    common.write(say("next"))
    common.write(f"  systemctl stop {units}\n  systemctl daemon-reload", keep="\n")


def cache_plugins() -> None:
    """Have Twisted write its list of plugins beside them: in its sandbox a service may not."""
    from twisted.application.service import IServiceMaker
    from twisted.plugin import getPlugins

    list(getPlugins(IServiceMaker))


def sound(plugin: str, user: str, own_user: bool, words: Iterable[object]) -> None:
    known(plugin)
    if not _USER.fullmatch(user):
        common.fail(say("bad user", user=user))
    if not own_user and not place.exists(user):
        common.fail(say("no user", user=user))
    if not all(str(word).isprintable() for word in words):
        common.fail(say("unprintable"))


def known(plugin: str) -> str:
    if plugin not in PLUGINS:
        common.fail(say("no plugin", name=plugin, names=", ".join(PLUGINS)))
    return plugin


def socket_of(value: str, plugin: str) -> unit.Socket:
    """What ``--socket`` says; a plugin that is one service needs no name before it."""
    found = _SOCKET.fullmatch(value)
    service = plugin.removeprefix("netapp").removeprefix("-")
    example = "80, 192.168.1.5:80, [::1]:80" if service else "file=80, file=192.168.1.5:80, login=[::1]:9999"
    if found is None or not 0 < int(found["port"]) < 65536 or bool(service) == bool(found["service"]):
        common.fail(say("bad socket", value=value, example=example))
    if found["service"] and found["service"] not in SERVICES:
        common.fail(say("no service", value=value, name=found["service"], names=", ".join(SERVICES)))
    return unit.Socket(found["service"] or service, (found["host"] or "").strip("[]"), int(found["port"]))


def arguments(
    plugin: str, config: Path | None, sockets: Sequence[unit.Socket], options: Sequence[str]
) -> tuple[str, ...]:
    """The plugin's options, behind those that say where its state is."""
    listen = () if plugin == "netapp" else tuple(f"--listen={each.description}" for each in sockets)
    return (*((f"--config={config.absolute()}",) if config else ()), *listen, *options)


def settings_of(path: Path) -> dict[str, Any]:
    """A file's settings; none where there is none, or none that this user may read."""
    try:
        return tomllib.loads(settingsfile.read(path).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return {}
    except ConfigError as error:
        common.fail(say("bad settings", reason=error))
    except tomllib.TOMLDecodeError as error:
        common.fail(say("bad settings", reason=f"{path}: {error}"))


def check(plugin: str, given: Sequence[str]) -> None:
    """Whether the plugin takes these options: better now than at the next start of the machine.

    The state directory is not among them: its settings are another user's, whom root need not trust.
    """
    from importlib import import_module

    from twisted.python.usage import UsageError

    # The hub's file of settings has the tables of all services.
    named = [option for option in given if option.startswith("--config=")]
    asked = (
        {plugin: given} if plugin != "netapp" else {"-hub": given} | {f"-{each}": named for each in SERVICES}
    )
    try:
        for name, options in asked.items():
            tap = import_module(f"netapp.{name.partition('-')[2]}.tap")
            tap.Options().parseOptions([f"--state={os.devnull}", *options])
    except UsageError as error:
        common.fail(say("bad options", reason=" ".join(str(error).split())))


def warn(user: str, *, fatal: bool) -> None:
    """Say what keeps the service's user from this environment.  :param fatal: end with it."""
    tell = common.fail if fatal else common.note
    ours = place.here()
    if not (ours.bin / "twistd").exists():
        tell(say("no twistd", path=ours.bin / "twistd"))
    if (folder := ours.in_temporary) is not None:
        tell(say("temporary", folder=folder))
    elif (folder := ours.closed_to(user)) is not None:
        tell(say("closed", user=user, folder=folder))
    elif (folder := ours.in_home) is not None:
        common.note(say("home", folder=folder))


def tell_what_is_next(wanted: unit.Wanted, config: Path | None, settings: dict[str, Any]) -> None:
    settings_file = config.absolute() if config else wanted.state / "netapp.toml"
    if wanted.plugin == "netapp":
        for service, listen in unit.settings_for(wanted.sockets).items():
            table = settings.get(service)
            if not isinstance(table, dict) or table.get("listen") != listen:
                common.write(say("listen", path=settings_file))
                quoted = ", ".join(f'"{each}"' for each in listen)
                common.write(f"  [{service}]\n  listen = [{quoted}]\n", keep="\n")
    units = " ".join((*(each.unit for each in wanted.sockets), wanted.unit))
    common.write(say("next"))
    if wanted.own_user:
        next_command(say("user", user=wanted.user), f"systemd-sysusers {wanted.user}.conf")
    next_command(say("start"), f"systemctl daemon-reload && systemctl enable --now {units}")
    next_command(say("log"), f"journalctl -fu {wanted.plugin}")
    add = [str(wanted.bin / "netapp"), "user", "add", "zhao", "--admin", "--state", str(wanted.state)]
    next_command(say("admin"), shlex.join(["runuser", "-u", wanted.user, "--", *add]))


def next_command(meaning: str, command: str) -> None:
    common.write(f"  {command}    # {meaning}")
