"""Zones that come anew, made of the nodes that are there already."""

from netapp.names.model import Node
from netapp.names.zone import Zone


def sharing(old: Zone, new: Zone) -> Zone:
    """The new zone, with the old one's nodes where they are equal; the old one if all are.

    What is told apart by ``is`` is quickly compared; and what goes with the old zone later is little:
    a million names that go at once hold up everybody for half a second.  What is not needed of the
    new one is let go here, bit by bit.

    :param new: nobody else has it; it is of no use afterwards.
    """
    if old.origin != new.origin or old is new:
        return new
    fresh: dict[bytes, Node] = new.nodes  # type: ignore[assignment]
    changed: dict[bytes, Node | None] = {}
    for owner, node in old.nodes.items():
        now = fresh.pop(owner, None)
        if now != node:
            changed[owner] = now
    if not changed and not fresh:
        return old
    nodes = dict(old.nodes)
    for owner, now in changed.items():
        if now is None:
            del nodes[owner]
        else:
            nodes[owner] = now
    nodes.update(fresh)
    return Zone(new.origin, nodes, new.below, {owner: nodes[owner] for owner in new.cuts})
