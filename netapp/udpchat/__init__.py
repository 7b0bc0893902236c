"""Talk by datagrams: the tutorials' plain text (T1-T3, T14, T15, T20-T24, T30), and IP Messenger.

Both are doors to the lobby of :mod:`netapp.talk`; see :mod:`netapp.udpchat.plain` and
:mod:`netapp.udpchat.ipmsg`.
"""
