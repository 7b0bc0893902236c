"""A person at a terminal: what is typed while messages arrive, how they are shown, and what is saved.

Pure are :mod:`commands` (what may be typed), :mod:`layout` (how a message looks) and :mod:`pcap`;
:mod:`record` keeps and saves the talk, :mod:`assistant` does what the commands say,
:mod:`lineeditor` is the terminal itself.  It alone needs prompt_toolkit, and is imported when a
person is there.
"""
