"""The roof: every service in one process, on nouns that they share.

``wiring`` is the one place where nouns learn of each other.
"""
