"""A system with less than Linux has, for tests: what :mod:`hiding` hides, this process does not have.

``python -m pytest --plain-platform`` hides it in the tests and in every process that they start:
:mod:`sitecustomize` is what their interpreters import first, since the folder is on their path.
"""
