"""Dynamic update: RFC 2136."""
