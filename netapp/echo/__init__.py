"""The echo service (RFC 862), and the answering machine of the tutorials.

Every chunk or datagram gets one answer made from a template: ``{data}``, the default, gives back
the very octets (RFC 862); any other template is text.  With an operator, a person at the terminal
sees what arrives and types the answers.

Left out: nothing of RFC 862.
"""
