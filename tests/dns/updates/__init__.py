"""Dynamic update, over the wire and on the disk."""
