"""Signed messages: RFC 8945, whose keys those are, and who may do what with them."""
