"""The file service: one TCP port on which a client speaks first and is understood.

- ``plain/``: bare names and lines (``LIST``, ``GET``, ``HELP``), as the tutorials' programs and
  people send them, and frames: a length in either octet order, then a name or a header dictionary;
- ``http/``: GET and HEAD with ranges and conditions (RFC 9110, RFC 9112).

``port.py`` tells them apart.  Left out so far: writing, WebDAV, TLS, SFTP.
"""
