"""``--tutorial``: the other side of each of the tutorials' programs, all at once.

:mod:`rows` is the table of the programs, which the documentation is made from too.  It and this
module import nothing of Twisted.
"""
