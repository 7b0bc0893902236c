"""The worst that a network can send, at every listener of the whole house in one process."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import real
from tests.hostile import memory, throw_at

pytestmark = pytest.mark.real
TCP, UDP = "'tcp:0:interface=127.0.0.1'", "'udp:0:interface=127.0.0.1'"
CONFIG = f"""
metrics = 'tcp:0'
[dns]
listen = [{TCP}, {UDP}]
[login]
listen = [{TCP}]
[chat]
listen = [{TCP}]
irc = {TCP}
[file]
listen = [{TCP}]
[udpchat]
listen = [{UDP}]
ipmsg = {UDP}
[echo]
listen = [{TCP}, {UDP}]
"""
#: Services, the last of which takes 64 MiB for each password that it checks at once.
SERVICES = ("dns", "echo", "file", "udpchat", "chat", "login")


def test_every_service_stands_what_is_thrown_at_it(start: Callable[..., real.Plugin], tmp_path: Path) -> None:
    path = tmp_path / "netapp.toml"
    path.write_text(CONFIG)
    house = start("netapp", f"--config={path}")
    hashing = 80 * (os.cpu_count() or 1)
    for service in SERVICES:
        throw_at(house, owner=f"netapp-{service}", growth=hashing if service == "login" else 48)
    assert memory(house) < 200 + hashing
    assert real.ask(house.udp("netapp-echo"), b"alive") == b"alive"
    with real.tcp_client(house.tcp("netapp-file")) as client:
        client.sendall(b"LIST\n")
        assert b"welcome.txt" in client.recv(1000)
