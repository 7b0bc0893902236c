"""What somebody may do once they are in: the same over the prompt and over SSH.

:mod:`session` has the rules and the words, and knows no connection; :mod:`desk` does what it asks for.
"""
