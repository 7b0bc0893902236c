"""``netapp doctor``: what is wrong on this machine, each finding with the command that cures it.

Each kind of finding has a module of its own, in two parts: ``judge`` makes findings of facts that
are handed in, and ``read`` reads these facts from the machine.  :mod:`command` runs them side by
side, each within its time, and shows what they have found.  :mod:`settings` says which listeners
there are to be: those of the running services, of a configuration file, or the defaults.

Nothing is changed by looking: no folder is made, and no service logs, counts against anybody or
shows anybody as present because it was asked.
"""
