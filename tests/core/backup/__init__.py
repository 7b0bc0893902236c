"""Backups: what is in one, and what is refused."""
