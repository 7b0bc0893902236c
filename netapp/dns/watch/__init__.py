"""What is counted and written down of the name service's work; :mod:`netapp.dns.ratelimit` bounds it."""
