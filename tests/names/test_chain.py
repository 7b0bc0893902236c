"""The order of names and hashes, and a chain that changes."""

from random import Random

import dns.name
from hypothesis import given
from hypothesis import strategies as st

from netapp.names.lookup.chain import Chain
from netapp.names.lookup.nsec3 import next_closer
from netapp.names.naming import canonical_key
from tests.names.texts import wire


@given(st.lists(st.lists(st.binary(min_size=1, max_size=4), max_size=4), min_size=2, max_size=2))
def test_keys_sort_as_names_do(labels: list[list[bytes]]) -> None:
    one, other = (dns.name.Name((*each, b"")) for each in labels)
    keys = [canonical_key(wire(each)) for each in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)
    assert (keys[0] == keys[1]) == (one == other)


def test_the_next_closer_name() -> None:
    assert next_closer(wire("a.b.c.example"), wire("example")) == wire("c.example")
    assert next_closer(wire("c.example"), wire("example")) == wire("c.example")
    assert next_closer(wire("a.b"), b"\0") == wire("b")


KEYS = st.sets(st.integers(0, 90)) | st.builds(lambda begin: set(range(begin, 90)), st.integers(0, 90))


@given(KEYS, KEYS, KEYS)
def test_a_changed_chain_is_the_chain_that_would_be_made(
    first: set[int], gone: set[int], come: set[int]
) -> None:
    def pairs(keys: set[int]) -> list[tuple[int, bytes]]:
        return [(key, b"%d" % key) for key in keys]

    before = Chain(pairs(first))
    chain, expected = before.changed(gone, pairs(come)), Chain(pairs((first - gone) | come))
    for made, keys in ((chain, expected), (before, Chain(pairs(first)))):
        assert len(made) == len(keys)
        for key in range(92):
            assert made.at(key) == keys.at(key)
            assert not len(made) or made.before(key) == keys.before(key)


def test_a_long_chain_is_sorted_in_pieces() -> None:
    keys = Random(3).sample(range(10**9), 30_000)
    chain = Chain((key, b"%d" % key) for key in keys)
    keys.sort()
    for at in range(0, len(keys), 997):
        assert chain.before(keys[at]) == b"%d" % keys[at]
        assert at == 0 or chain.before(keys[at] - 1) == b"%d" % keys[at - 1]
