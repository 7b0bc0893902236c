"""A mapping with a few changes on top does as a dict does."""

from collections.abc import MutableMapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp.names import layered
from netapp.names.layered import Layered, copied
from netapp.names.zone import build_zone
from tests.names.zoning import ORIGIN, a, same, soa, zone

_KEYS = st.integers(0, 30).map(lambda number: b"%d" % number)


@given(st.lists(st.tuples(_KEYS, st.one_of(st.none(), st.integers(0, 5)), st.booleans()), max_size=60))
@settings(max_examples=150, deadline=None)
def test_it_does_as_a_dict_does(steps: list[tuple[bytes, int | None, bool]]) -> None:
    base = {b"%d" % number: number for number in range(20)}
    kept = dict(base)
    now: MutableMapping[bytes, int] = Layered(base, {}, len(base))
    model = dict(base)
    older: list[tuple[MutableMapping[bytes, int], dict[bytes, int]]] = []
    for key, value, copy in steps:
        if copy:
            older.append((now, dict(model)))
            now = copied(now)
        if value is not None:
            now[key] = model[key] = value
        elif key in model:
            del now[key], model[key]
        else:
            with pytest.raises(KeyError):
                del now[key]
        assert (key in now, now.get(key), now.get(key, -1), len(now)) == (
            key in model, model.get(key), model.get(key, -1), len(model)
        )  # fmt: skip
    assert dict(now.items()) == model == now
    assert set(now) == set(model)
    assert sorted(now.values()) == sorted(model.values())
    assert all(one == other for one, other in older)
    assert base == kept


def test_a_large_zone_changes_by_layers_and_a_small_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(zone(1).changed((), [a("new.example.lan")]).nodes, dict)
    monkeypatch.setattr(layered, "_SMALL", 20)
    first = now = zone(1, *(a(f"h{each}.example.lan") for each in range(40)))
    for each in range(20):
        gone, new = [a(f"h{each}.example.lan"), soa(1 + each)], [a(f"x.y{each}.example.lan"), soa(2 + each)]
        now = now.changed(gone, new)
        assert isinstance(now.nodes, Layered)
        built = build_zone(ORIGIN, now.records())
        assert same(built, now)
        assert (built.nodes.keys(), built.below) == (now.nodes.keys(), now.below)
    assert same(first, zone(1, *(a(f"h{each}.example.lan") for each in range(40))))
