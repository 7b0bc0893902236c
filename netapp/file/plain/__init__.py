"""Bare names, lines and frames: what the tutorials' programs and people speak."""
