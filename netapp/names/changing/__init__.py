"""Zones that change: by an update, a transfer or their file, one change after another."""
