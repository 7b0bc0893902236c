"""The ground floor: what every noun and every service stands on.

``text``, ``languages``, ``lines``, ``sessions``, ``access`` and ``limits`` know no Twisted; the
rest carries octets, opens sockets, threads and databases.
"""
