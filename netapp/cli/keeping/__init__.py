"""``netapp backup``, ``restore`` and ``db``: a state directory is kept, put back, looked at."""
