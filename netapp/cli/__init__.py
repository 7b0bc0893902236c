"""The ``netapp`` command: clients for every service, and administration.

Each command is a module of its own that is imported when it is called.  Sockets are blocking with
time-outs, or waited for with a selector; there is no reactor here.
"""
