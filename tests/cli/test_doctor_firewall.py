"""What packet filters say of themselves, and what that does to a port."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netapp.cli.doctor import firewall, iptables, nft
from netapp.cli.doctor.rules import Chain, Rule, fate
from netapp.cli.doctor.settings import door_of

ACCEPT, DROP = {"accept": None}, {"drop": None}


def dport(port: Any, protocol: str = "tcp", op: str = "==") -> dict[str, Any]:
    left = {"payload": {"protocol": protocol, "field": "dport"}}
    return {"match": {"op": op, "left": left, "right": port}}


def meta(key: str, right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": key}}, "right": right}}


STATE = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}
SADDR = {
    "match": {
        "op": "==",
        "left": {"payload": {"protocol": "ip", "field": "saddr"}},
        "right": {"prefix": {"addr": "192.168.0.0", "len": 16}},
    }
}


def ruleset(*rules: list[Any], policy: str = "drop", more: list[Any] | None = None) -> list[dict[str, Any]]:
    at = {"family": "inet", "table": "filter", "chain": "input"}
    return [
        {"metainfo": {}},
        {"table": {"family": "inet", "name": "filter"}},
        {"chain": {**at, "name": "input", "type": "filter", "hook": "input", "policy": policy}},
        *(more or []),
        *({"rule": {**at, "expr": each}} for each in rules),
    ]


VMAP = {
    "vmap": {
        "key": {"payload": {"protocol": "tcp", "field": "dport"}},
        "data": {"set": [[22, ACCEPT], [{"range": [7000, 7999]}, {"jump": {"target": "ours"}}]]},
    }
}
OURS = [
    {"chain": {"family": "inet", "table": "filter", "name": "ours"}},
    {"rule": {"family": "inet", "table": "filter", "chain": "ours", "expr": [{"counter": {}}, ACCEPT]}},
]
SET = [{"set": {"family": "inet", "table": "filter", "name": "open", "elem": [22, {"range": [7777, 7780]}]}}]


@pytest.mark.parametrize(
    ("rules", "outcome", "verb"),
    [
        (ruleset(policy="accept"), "open", ""),
        (ruleset(), "closed", "add"),
        (ruleset([meta("iif", "lo"), ACCEPT], [STATE, ACCEPT]), "closed", "add"),
        (ruleset([dport(7777), ACCEPT]), "open", ""),
        (ruleset([dport(7777, "udp"), ACCEPT]), "closed", "add"),
        (ruleset([dport(7777, "th"), ACCEPT]), "open", ""),
        (ruleset([meta("l4proto", {"set": ["tcp", "udp"]}), dport(7777, "th"), ACCEPT]), "open", ""),
        (ruleset([dport({"set": [22, {"range": [7000, 8000]}]}), {"counter": {}}, ACCEPT]), "open", ""),
        (ruleset([dport("@open"), ACCEPT], more=SET), "open", ""),
        (ruleset([dport(22, op="!="), ACCEPT]), "open", ""),
        (ruleset([VMAP], more=OURS), "open", ""),
        (ruleset([SADDR, dport(7777), ACCEPT]), "depends", "insert"),
        (ruleset([meta("iifname", "eth0"), ACCEPT]), "depends", "insert"),
        (ruleset([{"limit": {"rate": 3}}, ACCEPT]), "depends", "insert"),
        (ruleset([dport(7777), DROP], policy="accept"), "closed", "insert"),
        (
            ruleset([{"reject": {"type": "tcp reset"}}], [dport(7777), ACCEPT], policy="accept"),
            "closed",
            "insert",
        ),
        (ruleset([dport(7777), ACCEPT], [DROP], policy="accept"), "open", ""),
        (ruleset([{"jump": {"target": "ours"}}], [DROP], more=OURS), "open", ""),
        (ruleset([{"jump": {"target": "nowhere"}}]), "closed", "add"),
    ],
)
def test_what_nftables_does_to_a_port(rules: list[dict[str, Any]], outcome: str, verb: str) -> None:
    found = nft.closed(nft.parse(json.dumps({"nftables": rules})), "tcp", 7777)
    if outcome == "open":
        assert found == []
        return
    (closed,) = found
    assert closed.fate == outcome
    assert closed.cure("tcp", 7777) == f"nft {verb} rule inet filter input tcp dport 7777 accept"


def test_iptables_own_tables_are_left_to_it() -> None:
    at = {"family": "ip", "table": "filter"}
    rules = [
        {"table": {"family": "ip", "name": "filter"}},
        {"chain": {**at, "name": "INPUT", "type": "filter", "hook": "input", "policy": "drop"}},
    ]
    assert nft.closed(rules, "tcp", 7777) == []


WORDS = (
    *("match", "left", "right", "op", "payload", "protocol", "field", "meta", "key", "ct", "set", "range"),
    *("elem", "vmap", "data", "jump", "target", "accept", "drop", "xt"),
)
JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["lo", "@a", "tcp"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4))
def test_no_rule_of_any_shape_is_stumbled_over(expressions: list[Any]) -> None:
    outcome = nft.closed(ruleset(expressions), "tcp", 7777)
    assert all(each.fate in ("closed", "depends") for each in outcome)


@given(st.text())
def test_what_is_no_ruleset_is_refused(text: str) -> None:
    try:
        nft.parse(text)
    except ValueError:
        return
    assert "nftables" in text


def test_chains_that_jump_in_circles_end() -> None:
    chains = {"a": Chain("a", (Rule(True, "jump b"),)), "b": Chain("b", (Rule(True, "goto a"),))}
    assert fate(Chain("input", (Rule(True, "jump a"),), "drop"), chains) == ("closed", False)


IPTABLES = """\
-P INPUT {policy}
-P FORWARD ACCEPT
-N ours
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "a 'b" -j ACCEPT
-A INPUT -j LOG --log-prefix "x -j DROP "
{rules}
"""


@pytest.mark.parametrize(
    ("policy", "rules", "outcome"),
    [
        ("DROP", "", "closed"),
        ("ACCEPT", "", "open"),
        ("DROP", "-A INPUT -p tcp -m tcp --dport 7777 -j ACCEPT", "open"),
        ("DROP", "-A INPUT -p udp -m udp --dport 7777 -j ACCEPT", "closed"),
        ("DROP", "-A INPUT -p tcp -m multiport --dports 80,7000:8000 -j ACCEPT", "open"),
        ("DROP", "-A INPUT -p tcp -m tcp ! --dport 80 -j ACCEPT", "open"),
        ("DROP", "-A INPUT -s 10.0.0.0/8 -p tcp -j ACCEPT", "depends"),
        ("DROP", "-A INPUT ! -i eth1 -p tcp -j ACCEPT", "depends"),
        ("DROP", "-A INPUT -p tcp -j ours\n-A ours -p tcp -m tcp --dport 7777 -j ACCEPT", "open"),
        ("DROP", "-A INPUT -j ours\n-A ours -p tcp -j RETURN\n-A ours -j ACCEPT", "closed"),
        ("ACCEPT", "-A INPUT -j REJECT --reject-with icmp-port-unreachable", "closed"),
    ],
)
def test_what_iptables_does_to_a_port(policy: str, rules: str, outcome: str) -> None:
    assert iptables.input_fate(IPTABLES.format(policy=policy, rules=rules), "tcp", 7777) == outcome


UFW = """\
Status: active
Logging: on (low)
Default: {default} (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp (OpenSSH)           ALLOW IN    Anywhere
{rules}
"""


@pytest.mark.parametrize(
    ("default", "rules", "outcome"),
    [
        ("deny", "", "closed"),
        ("allow", "", "open"),
        ("deny", "7777/tcp                   ALLOW IN    Anywhere", "open"),
        ("deny", "7777                       ALLOW IN    Anywhere", "open"),
        ("deny", "7777/udp                   ALLOW IN    Anywhere", "closed"),
        ("deny", "7000:8000/tcp              ALLOW IN    Anywhere", "open"),
        ("deny", "80,7777/tcp                LIMIT IN    Anywhere", "open"),
        ("deny", "7777/tcp                   ALLOW IN    192.168.0.0/16", "depends"),
        ("deny", "7777/tcp (v6)              ALLOW IN    Anywhere (v6)", "depends"),
        ("deny", "7777/tcp on eth0           ALLOW IN    Anywhere", "depends"),
        ("allow", "7777/tcp                  DENY IN     Anywhere", "closed"),
    ],
)
def test_what_ufw_does_to_a_port(default: str, rules: str, outcome: str) -> None:
    assert iptables.ufw_fate(UFW.format(default=default, rules=rules), "tcp", 7777) == outcome


def test_ufw_that_is_off() -> None:
    assert iptables.ufw_fate("Status: inactive\n", "tcp", 7777) is None
    assert iptables.ufw_is_on("# x\nENABLED=yes\n")
    assert not iptables.ufw_is_on("ENABLED=no\n")


DOORS = [door_of("tcp:7777", "chat", "--listen"), door_of("tcp:9:interface=127.0.0.1", "echo", "--listen")]


@pytest.mark.parametrize(
    ("facts", "verdict", "cure"),
    [
        (firewall.Facts(), "ok", ""),
        (
            firewall.Facts(ruleset=json.dumps({"nftables": ruleset()})),
            "bad",
            "nft add rule inet filter input tcp",
        ),
        (firewall.Facts(ruleset="{}"), "note", "nft list ruleset"),
        (firewall.Facts(ufw=UFW.format(default="deny", rules="")), "bad", "ufw allow 7777/tcp"),
        (
            firewall.Facts(firewalld="22/tcp 7000-7100/tcp"),
            "bad",
            "firewall-cmd --permanent --add-port=7777/tcp",
        ),
        (firewall.Facts(firewalld="7000-7800/tcp"), "ok", ""),
        (
            firewall.Facts(listings=(("iptables-legacy", "-P INPUT DROP\n"),)),
            "bad",
            "iptables-legacy -I INPUT -p tcp --dport 7777 -j ACCEPT",
        ),
        (firewall.Facts(hidden=("ufw",)), "note", "sudo netapp doctor"),
    ],
)
def test_each_firewall_is_named_with_its_own_command(facts: firewall.Facts, verdict: str, cure: str) -> None:
    (finding,) = firewall.judge(DOORS, facts)
    assert finding.verdict == verdict
    assert cure in finding.cure
    assert ("nft add" in cure) == ("/etc/nftables.conf too" in finding.text)
    assert ("iptables" in cure) == ("/etc/iptables/rules.v4 too" in finding.text)


def test_loopback_is_no_firewalls_business() -> None:
    shut = firewall.Facts(ruleset=json.dumps({"nftables": ruleset()}))
    assert [each.verdict for each in firewall.judge(DOORS[1:], shut)] == ["ok"]
