"""The login service: a name and a password at a plain prompt, for telnet, nc and the tutorials.

The prompts, the verdicts and their timing are the tutorial login server's, to the octet.  Accounts
and passwords are :mod:`netapp.people`'s; ``twisted.cred`` stands between.

Left out so far: a session after the login, SSH, a page, and telnet's ECHO option, so that a
password shows while it is typed.
"""
