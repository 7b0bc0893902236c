"""What the process says is what the lookup says, octet for octet; and delv, which validates, agrees."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import dns.name
import pytest

from tests import real
from tests.dns.differential.comparing import of_message
from tests.dns.differential.servers import Asker, can_sign, sign
from tests.dns.differential.test_differential import SIGNED, World
from tests.names.texts import SOA

pytestmark = pytest.mark.real
Start = Callable[..., real.Plugin]
LOCAL: Final = ("--listen=udp:0:interface=127.0.0.1", "--listen=tcp:0:interface=127.0.0.1")


@pytest.mark.parametrize("kind", SIGNED)
def test_the_process_says_what_the_lookup_says(start: Start, kind: str, tmp_path: Path) -> None:
    if SIGNED[kind] is not None and not can_sign():
        pytest.skip("dnssec-signzone is not installed (Debian: bind9-utils)")
    world = World(3, kind, tmp_path)
    zones = [f"--zone={each.origin}={each.path}" for each in world.served]
    server = start("netapp-dns", *LOCAL, *zones)
    asker = Asker(server.udp(), server.tcp())
    try:
        for question in world.questions[:200] * 2:  # the second time from what is remembered
            assert of_message(asker.ask(question)) == world.ask(question), question
    finally:
        asker.close()


ZONE: Final = (
    "$TTL 60\n$ORIGIN signed.test.\n" + SOA + "www A 10.0.0.1\nwww AAAA fd00::1\nalias CNAME www\n"
    "*.wild A 10.0.0.2\n*.wild.www CNAME www\na.b.ent A 10.0.0.3\nold DNAME ent\n"
    "safe NS ns.safe\nsafe DS 12345 13 2 " + "ab" * 32 + "\n"
    "ns.safe A 10.1.0.1\nfree NS ns.free\nns.free A 10.2.0.1\ncut.deep NS ns.far.\n\\000 TXT odd\n"
)
#: What is asked, and what delv calls it.
VALID: Final = {
    "www A": "fully validated",
    "alias AAAA": "fully validated",
    "any.wild A": "fully validated",
    "a.b.wild A": "fully validated",
    "x.wild.www AAAA": "fully validated",
    "a.b.old A": "fully validated",
    "\\000 TXT": "fully validated",
    "@ SOA": "fully validated",
    "safe DS": "fully validated",
    "www MX": "negative response, fully validated",
    "b.ent A": "negative response, fully validated",
    "wild A": "negative response, fully validated",
    "any.wild MX": "negative response, fully validated",
    "gone A": "negative response, fully validated",
    "x.gone A": "negative response, fully validated",
    "gone.b.ent A": "negative response, fully validated",
    "@ TXT": "negative response, fully validated",
    "alias MX": "fully validated",
}
#: With opt-out nothing is proved of what may be an unsigned delegation: RFC 5155 section 6.
WEAKER: Final = re.compile(r"; (negative response, )?(fully validated|unsigned answer)")


@pytest.mark.parametrize("kind", ["nsec", "nsec3", "optout"])
def test_delv_validates_what_is_there_and_what_is_not(start: Start, kind: str, tmp_path: Path) -> None:
    delv = real.tool("delv", "bind9-dnsutils")
    if not can_sign():
        pytest.skip("dnssec-signzone is not installed (Debian: bind9-utils)")
    anchor = signed(tmp_path, *(SIGNED[kind] or ()))
    server = start("netapp-dns", *LOCAL, f"--zone=signed.test.={tmp_path / 'zone'}")
    for question, verdict in VALID.items():
        name, rdtype = question.split()
        asked = "signed.test." if name == "@" else f"{name}.signed.test."
        where = ["@127.0.0.1", "-p", str(server.udp()), "-a", str(anchor), "+root=signed.test."]
        said = subprocess.run(
            [delv, *where, asked, rdtype], capture_output=True, text=True, timeout=real.PATIENCE, check=False
        ).stdout
        weaker = kind == "optout" and (verdict.startswith("negative") or "wild" in name)
        assert WEAKER.search(said) if weaker else f"; {verdict}\n" in said, f"{question}: {said}"


def signed(folder: Path, *options: str) -> Path:
    """Sign :data:`ZONE` to a file ``zone``.  :returns: its key as delv's trust anchor."""
    text = sign(ZONE, dns.name.from_text("signed.test."), folder / "keys", *options)
    (folder / "zone").write_text(text)
    keys = [file.read_text().split("\n")[-2].split() for file in (folder / "keys").glob("*.key")]
    (key,) = (words[3:] for words in keys if words[3] == "257")
    anchor = folder / "anchor"
    stated = f'static-key {" ".join(key[:3])} "{"".join(key[3:])}";'
    anchor.write_text(f'trust-anchors {{ "signed.test." {stated} }};\n')
    return anchor
