"""netapp beside its peers: ``python -m benchmarks``.

Each server is started alone on loopback, loaded, and stopped; then the next; and all of it again,
several rounds.  What a table shows is the median over the rounds, with the least and the most.
CPU time is that of the whole process with its threads and children, the load's own apart.
"""
