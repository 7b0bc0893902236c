"""The roof: every service in one process, on nouns that they share."""
