"""``netapp tcp`` and ``netapp udp``, the network debugging assistant.

:mod:`conversation` runs a talk over :mod:`streams` or :mod:`datagrams` by a :mod:`plan` that the
:mod:`options` make; a :mod:`person` at a terminal has what ``netapp.core.terminal`` offers.
"""
