"""``--explain``: what went wrong with a client, in plain words, in the log, as it happens.

A listener has a witness (:mod:`netapp.core.explain.doors`) that is told of what comes and goes.
Pure rules (:mod:`~netapp.core.explain.streams`, :mod:`~netapp.core.explain.datagrams`) judge it,
the kernel is asked for what octets cannot show (:mod:`~netapp.core.explain.evidence`), and
:mod:`~netapp.core.explain.teller` says it, in the words of :mod:`~netapp.core.explain.findings`,
no more often than somebody can read.  Nothing is said without evidence.

A peer's text is never shown, since people type passwords; names of files are.
"""
