"""Names, people, talk and files for a local network, in one Twisted process."""

__version__ = "0.1.0"
