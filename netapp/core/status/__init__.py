"""What a process tells about itself (:mod:`readings`), and the socket that gives it away (:mod:`door`).

:mod:`neighbours` reads those sockets, and :mod:`sheet` shows what they say to people.
"""
