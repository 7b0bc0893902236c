"""The shell over SSH: passwords, codes and keys, a terminal with an editor, and single commands.

:mod:`netapp.core.ssh` has the connection, :mod:`gate` says who may come in, :mod:`editor`,
:mod:`screen` and :mod:`typed` are the terminal, :mod:`session` puts the shell behind it, and
:mod:`channel` carries it.

Refused: files (the file service has them), forwarded ports, agents, X11, and variables.
Security keys (``sk-``) are not taken yet.

Source: RFC 4252, RFC 4254 section 6, RFC 4256; the terminal: ECMA-48.
"""
