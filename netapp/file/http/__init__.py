"""GET and HEAD of the shared tree: RFC 9110, RFC 9112."""
