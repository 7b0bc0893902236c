"""A power cut: what the disk has of a state directory at any moment, and whether netapp starts on it."""
