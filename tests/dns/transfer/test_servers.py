"""What operators write for other servers."""

import pytest

from netapp.core import limits
from netapp.dns.transfer.servers import Server, primaries, targets
from netapp.dns.tsig.keys import Key, Keyring
from netapp.errors import ConfigError
from netapp.names.naming import wire_name
from tests.dns.transfer.zones import ORIGIN

KEY = Key(wire_name("laptop"), "hmac-sha256", b"secret")
RING = Keyring(lambda: [KEY])


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ("192.0.2.1", Server("192.0.2.1")),
        ("192.0.2.1:5353", Server("192.0.2.1", 5353)),
        ("192.0.2.1#laptop", Server("192.0.2.1", 53, KEY.name)),
        ("192.0.2.1:5353#laptop.", Server("192.0.2.1", 5353, KEY.name)),
        ("2001:db8::1", Server("2001:db8::1")),
        ("[2001:db8::1]", Server("2001:db8::1")),
        ("2001:DB8:0::1", Server("2001:db8::1")),
        ("[2001:db8:0:0::1]:53", Server("2001:db8::1")),
        ("::ffff:192.0.2.1", Server("192.0.2.1")),
        ("[::FFFF:c000:201]:5353", Server("192.0.2.1", 5353)),
        ("fe80:0::1%eth0", Server("fe80::1%eth0")),
        ("[2001:db8::1]:5353#laptop", Server("2001:db8::1", 5353, KEY.name)),
    ],
)
def test_a_server_as_it_is_written(given: str, server: Server) -> None:
    assert targets([given, given], RING) == (server,)
    assert primaries([f"Example.LAN@{given}"], RING) == {ORIGIN: (server,)}


def test_several_primaries_of_one_zone_keep_their_order() -> None:
    found = primaries(["a@10.0.0.2", "b@10.0.0.9", "a.@10.0.0.1", ".@10.0.0.3"], RING)
    assert found == {
        wire_name("a"): (Server("10.0.0.2"), Server("10.0.0.1")),
        wire_name("b"): (Server("10.0.0.9"),),
        b"\0": (Server("10.0.0.3"),),
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("192.0.2.1", "write ORIGIN@HOST"),
        ("@192.0.2.1", "the zone's name"),
        ("a b@192.0.2.1", "the zone's name"),
        ("a@", "'nothing' is no address"),
        ("a@ns1.lan", "'ns1.lan' is no address: HOST is an address"),
        ("a@192.0.2.1:0", "'0' is no port"),
        ("a@192.0.2.1:x", "'x' is no port"),
        ("a@224.0.0.251", "no address of one server"),
        ("a@0.0.0.0", "no address of one server"),
        ("a@::ffff:0.0.0.0", "no address of one server"),
        ("a@fe80::1%", "'fe80::1%' is no address"),
        ("a@192.0.2.1#other", "no key 'other'"),
        ("a@192.0.2.1#", "no key ''"),
    ],
)
def test_what_cannot_be_is_one_line_with_the_cure(given: str, said: str) -> None:
    with pytest.raises(ConfigError, match="--primary") as raised:
        primaries([given], RING)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_servers_are_bounded() -> None:
    with pytest.raises(ConfigError, match="primaries of one zone"):
        primaries([f"a@10.0.0.{n}" for n in range(limits.ZONE_PRIMARIES + 1)], RING)
    with pytest.raises(ConfigError, match="--notify"):
        targets([f"10.0.0.{n}" for n in range(limits.NOTIFY_TARGETS + 1)], RING)


def test_a_key_that_has_gone() -> None:
    server = Server("192.0.2.1", 53, KEY.name)
    assert server.key_in(RING) is KEY
    assert str(server) == "192.0.2.1:53#laptop"
    with pytest.raises(ConfigError, match="laptop is not there any more"):
        server.key_in(Keyring())
