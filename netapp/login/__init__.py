"""The login service: accounts proved at a plain prompt, and looked after in the session behind it.

:mod:`prompt` is telnet's, nc's and the tutorials' (T11): the prompts, the verdicts and their timing are
the tutorial login server's, to the octet.  Behind the verdict stands :mod:`shell`, which :mod:`ssh` opens
as well.  :mod:`http` and :mod:`ldap` let other programs ask whether a password is right.  Accounts and
passwords are :mod:`netapp.people`'s; ``twisted.cred`` stands between.

Telnet (RFC 854) is taken out of what comes; of its options only ECHO (RFC 857) is ever offered, to who
looks like a telnet, while a password is typed, and who agrees is asked for BINARY (RFC 856).  Left out:
character mode (RFC 858, RFC 1184), START_TLS.
"""
