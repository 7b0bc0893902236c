"""Signed messages: RFC 8945, and whose keys those are."""
