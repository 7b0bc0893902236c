"""Many accounts at once: class lists with their slips, and accounts that move to another place.

:mod:`roster` reads a class list, :mod:`slips` prints a sheet of codes; :mod:`parcels` and
:mod:`transfer` are what ``netapp user export`` writes and ``import`` takes back.
"""
