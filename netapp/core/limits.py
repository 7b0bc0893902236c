"""Every table, queue, line, datagram and wait has a bound, and the bound stands here.

Sizes are octets, times are seconds, unless the name says otherwise.  The reference page
``docs/reference/limits`` is made from this file: the comment above a constant is its text there.
"""

from typing import Final

# --- Every plain listener --------------------------------------------------------------------

#: Quiet that ends a message without a newline.  Not below 0.2, the shortest TCP retransmission.
QUIET: Final = 0.3
#: The same while only single octets have come: a character-at-a-time telnet begins so.
QUIET_LONE: Final = 2.0
#: One line or message from a person or a tutorial's program.
LINE: Final = 8192
#: Telnet options one connection may negotiate; each is refused once.
TELNET_OPTIONS: Final = 64
#: One telnet subnegotiation.
TELNET_SUBNEGOTIATION: Final = 4096

# --- Every stream ----------------------------------------------------------------------------

#: Connections to one listener.
CONNECTIONS: Final = 4096
#: Connections from one address to one listener; loopback is exempt.
CONNECTIONS_PER_ADDRESS: Final = 256
#: What may wait for a peer that does not read, beyond Twisted's own 64 KiB, before we hang up.
UNSENT: Final = 96 * 1024
#: How long a peer that does not read may keep anything waiting.
STALLED: Final = 30.0
#: How long a stop waits for transfers and for what is still to be sent.
DRAIN: Final = 5.0

# --- Every datagram listener -----------------------------------------------------------------

#: Largest datagram read; IPv4 cannot carry more.
DATAGRAM: Final = 65535
#: Largest plain answer: the tutorials' programs read 1024 octets.
PLAIN_ANSWER: Final = 1024
#: Source ports that answer by themselves, or that nobody can have: never answered.
REFLECTING_PORTS: Final = frozenset({0, 7, 13, 17, 19, 37})
#: Plain answers to one source in one second: echo and udpchat.
ANSWERS_PER_SECOND: Final = 100
#: Sources whose rate is remembered; the oldest is forgotten.
SOURCES: Final = 4096

# --- Threads and databases -------------------------------------------------------------------

#: Jobs that wait for a pool of threads.
POOL_QUEUE: Final = 64
#: Reads and writes that wait for one database.
DATABASE_QUEUE: Final = 4096
#: Writes stored in one transaction, that is by one wait for the disk.
DATABASE_BATCH: Final = 256
#: How long SQLite waits for another process's transaction.
DATABASE_BUSY: Final = 10.0
