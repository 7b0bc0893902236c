"""Zones on the disk: a base and a journal each, and what comes of them after a crash."""
