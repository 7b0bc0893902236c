"""The same zones served by netapp and by others, the same questions put to all."""
