"""What failed tries cost, and whose turn it is: guessing is slowed down, and nobody is locked out.

:mod:`throttle` says what a try has to wait for, :mod:`turns` makes it wait.  :mod:`ledger` keeps the
counts (:mod:`counts`, :mod:`guesses`) as rows that can be stored; :mod:`origins` says what one source
is.  :mod:`lately` lets a password that was right a while ago pass the line.
"""
