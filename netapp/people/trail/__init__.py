"""What is written down: the audit trail, and the log's line for each refused try.

:mod:`audit` writes the trail, :mod:`reading` reads it back, :mod:`refusals` has the line that fail2ban
and its like read.
"""
