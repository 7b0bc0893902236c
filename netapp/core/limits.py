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

# --- People ----------------------------------------------------------------------------------

#: Characters in an account's name.
NAME: Final = 64
#: Octets of a password in UTF-8; a longer one is refused before any hashing.
PASSWORD: Final = 1024
#: Characters that a new password must have, unless ``--allow-weak`` is given.
PASSWORD_LEAST: Final = 8
#: Threads that hash passwords, at most one for each core; each takes 64 MiB while it works.
HASH_THREADS: Final = 8
#: Logins that wait for a thread; one more is told to try again.
HASH_QUEUE: Final = 64
#: Sources, and accounts at a source, whose failed tries are remembered; the oldest is forgotten.
THROTTLES: Final = 8192
#: Seconds without a failed try after which a source, or an account at a source, starts anew.
THROTTLE_FORGETS: Final = 900.0

# --- Login -----------------------------------------------------------------------------------

#: Seconds that the first prompt waits for a client that speaks first, such as a browser.
LOGIN_GREETING: Final = 0.1
#: Seconds between a verdict and what follows it: the tutorials' clients take one read for one text.
LOGIN_GAP: Final = 0.3
#: Seconds to answer one prompt.
LOGIN_ANSWER: Final = 60.0
#: Seconds from the connection to a login, as in OpenSSH.
LOGIN_TOTAL: Final = 120.0
#: Tries on one connection.
LOGIN_TRIES: Final = 10
#: Lines that may wait while a password is checked or a prompt is held back.
LOGIN_LINES: Final = 4

# --- Talk ------------------------------------------------------------------------------------

#: Characters of a nickname; twice as many octets of UTF-8.
NICKNAME: Final = 30
#: Characters of a room's name; twice as many octets of UTF-8.
ROOM_NAME: Final = 50
#: Characters of a room's topic.
TOPIC: Final = 300
#: Characters of one message.
MESSAGE: Final = 8192
#: Messages kept of each room and each direct talk; older ones are deleted.
ROOM_MESSAGES: Final = 10_000
#: Messages that one question for history gives.
HISTORY: Final = 500
#: Rooms that may be in use at once.
ROOMS: Final = 1024
#: Rooms that one presence may be in.
ROOMS_EACH: Final = 64
#: Presences at once.
PRESENCES: Final = 8192
#: How long the direct talk of a guest is kept after its last message.
GUEST_TALKS: Final = 24 * 3600.0
