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
#: Connections that wait to be accepted; the system may allow fewer.
BACKLOG: Final = 1024
#: Connections from one IPv4 address, or IPv6 network of 64 bits, to one listener; loopback is exempt.
CONNECTIONS_PER_ADDRESS: Final = 256
#: Open descriptors that a process asks the system for, where its default is lower.
DESCRIPTORS: Final = 65536
#: What may wait for a peer that does not read, beyond Twisted's own 64 KiB, before we hang up.
UNSENT: Final = 96 * 1024
#: How long a peer that does not read may keep anything waiting.
STALLED: Final = 30.0
#: Between two looks whether a peer that is sent a file has taken more of it.
STALLED_LOOK: Final = 1.0
#: Keep-alive of every TCP connection: idle seconds before a probe, seconds between probes, probes,
#: and milliseconds that sent octets may stay unacknowledged.  A peer without power is gone after these.
KEEPALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6, "TCP_USER_TIMEOUT": 120_000}
#: How long a proxy may take to say who its client is, and the octets in which it says so.
PROXY_WAIT: Final = 5.0
PROXY_HEADER: Final = 4096
#: How long a stop waits for transfers and for what is still to be sent.
DRAIN: Final = 5.0

# --- Every datagram listener -----------------------------------------------------------------

#: Largest datagram read; IPv4 cannot carry more.
DATAGRAM: Final = 65535
#: Datagrams that are read, and answered, by one system call.
DATAGRAM_BATCH: Final = 64
#: Such batches that one socket may have in one turn; then connections and timers have theirs.
DATAGRAM_BATCHES: Final = 4
#: Seconds after which it gets no other in that turn: some answers take longer than most.
DATAGRAM_TURN: Final = 0.002
#: Octets of the datagrams that may wait to be read, as the kernel counts them (some 1000 for a small one):
#: what comes while a reload has the processor.  Not root, it is at most ``net.core.rmem_max``.
DATAGRAM_ROOM: Final = 4 * 1024 * 1024
#: Datagrams in a batch from which on more is on its way: a pause makes the next batch larger.
DATAGRAM_DENSE: Final = 6
#: Seconds of that pause; a batch that is full is followed by the next at once.
DATAGRAM_PAUSE: Final = 0.000_05
#: Datagrams that one socket may have in one turn where each is read by itself.
DATAGRAM_TURN_PLAIN: Final = 128
#: Seconds that answers wait for a socket whose buffer is full, until they are dropped.
DATAGRAM_BLOCKED: Final = 1.0
#: Peers of which is remembered which address of ours they have asked; the oldest is forgotten.
DATAGRAM_ASKED: Final = 4096
#: Largest plain answer: the tutorials' programs read 1024 octets.
PLAIN_ANSWER: Final = 1024
#: Source ports that answer by themselves, or that nobody can have: never answered.
REFLECTING_PORTS: Final = frozenset({0, 7, 13, 17, 19, 37})
#: Plain answers to one address in one second: echo's, udpchat's, and the name server's to what it does
#: not know, lest two of them tell each other so for ever.
ANSWERS_PER_SECOND: Final = 100
#: Sources whose rate is remembered; the oldest is forgotten.
SOURCES: Final = 4096

#: Peers that an operator has not answered yet; the one that has waited longest is forgotten.
DESK_WAITING: Final = 64

# --- Explain ---------------------------------------------------------------------------------

#: How long --explain counts what it has said, before it begins anew.
EXPLAIN_WINDOW: Final = 60.0
#: Findings said in that time, in all, and of one address; the rest is counted and said as a number.
EXPLAIN_TOLD: Final = 100
EXPLAIN_TOLD_EACH: Final = 30
#: The same finding of one address in that time.
EXPLAIN_TOLD_SAME: Final = 10
#: Characters of a file's name, or of a misread answer, that a finding shows.
EXPLAIN_SHOWN: Final = 60
#: A connection on which nobody has said anything, or whose peer takes nothing of a file, for so long.
EXPLAIN_SILENCE: Final = 5.0
EXPLAIN_STALLED: Final = 5.0
#: A read that is shorter was sent as it came: no link makes segments as small as this (RFC 879).
EXPLAIN_SEGMENT: Final = 536
#: Octets of what comes or goes that it is judged by.
EXPLAIN_JUDGED: Final = 1024
#: Answers in one second for which the system is asked whether anybody still waits for them.
EXPLAIN_LOOKS: Final = 100
#: Datagram peers that are remembered; the oldest is forgotten.
EXPLAIN_PEERS: Final = 1024
#: The very same datagram, so many times in one second.
EXPLAIN_AGAIN: Final = 20
#: Quiet after which a burst of datagrams is over, and what was lost of it is said.
EXPLAIN_BURST: Final = 0.3

# --- Work in bulk ------------------------------------------------------------------------------

#: Seconds that a thread with much work lets others wait, such as the reactor.
BULK_SWITCH: Final = 0.0002

# --- Threads and databases -------------------------------------------------------------------

#: How long a start waits for the state directory while another process upgrades what is in it.
STATE_LOCK: Final = 10.0
#: Reads and writes that wait for one database.
DATABASE_QUEUE: Final = 4096
#: Writes stored in one transaction, that is by one wait for the disk.
DATABASE_BATCH: Final = 256
#: How long SQLite waits for another process's transaction.
DATABASE_BUSY: Final = 10.0
#: How long after a write to the log we look for another process's commit, and then again each time.
DATABASE_LOOKS: Final = (0.02, 0.1, 0.5, 2.0, 8.0)
#: How often we look where there is no inotify.
DATABASE_POLL: Final = 0.25
#: How long a fault of ours that was told of in full is only counted when it comes again.
FAULT_AGAIN: Final = 60.0

# --- Settings ------------------------------------------------------------------------------------

#: Octets of a configuration file.
SETTINGS: Final = 2**20

# --- Log files ---------------------------------------------------------------------------------

#: Old log files that are kept beside twistd's --logfile, of a million octets each.
LOG_OLD: Final = 9
#: How often older ones are looked for.
LOG_LOOK: Final = 3600.0

# --- Status ------------------------------------------------------------------------------------

#: What one process tells of itself, at most.
STATUS: Final = 1024 * 1024
#: Names of people present that it tells.
STATUS_NAMES: Final = 200
#: Listeners that it tells of.
STATUS_LISTENERS: Final = 200
#: Lines of what is wrong now that it tells.
STATUS_FAULTS: Final = 40
#: Characters of one of its lines, such as the last error's.
STATUS_LINE: Final = 300
#: Clients that wait for it.
STATUS_WAITING: Final = 16
#: How long it answers nobody when no descriptor is left.
STATUS_PAUSE: Final = 1.0
#: How long ``netapp status`` waits for a process, and a start for who has its port.
STATUS_WAIT: Final = 2.0
STATUS_WAIT_START: Final = 0.5
#: Processes of one state directory that are asked.
STATUS_PROCESSES: Final = 64
#: How long a socket at which nobody listens may be one that is just being made.
STATUS_FRESH: Final = 3.0
#: Clients that a process answers in one turn.
STATUS_AT_ONCE: Final = 8
#: Processes of one number, in other containers, that have a socket in one state directory.
STATUS_NAMESAKES: Final = 8
#: How long a listener on this machine may take to accept ``netapp status``.
STATUS_ACCEPT: Final = 0.5
#: Files and folders of the state directory that it counts.
STATUS_COUNTED: Final = 20_000
#: IPv4 addresses of this machine that are read.
OWN_ADDRESSES: Final = 256

# --- Backups ---------------------------------------------------------------------------------

#: Pages of a database that are copied at once, 4 KiB each; between two of them others may write.
BACKUP_PAGES: Final = 256
#: Files and folders in one backup.
BACKUP_MEMBERS: Final = 500_000
#: Octets of the list of them, by which their names together are bounded.
BACKUP_MANIFEST: Final = 128 * 2**20
#: Octets that are read at once of an archive that is not trusted yet.
BACKUP_READ: Final = 2**20
#: How often a file is read again that changes while it is read.
BACKUP_TRIES: Final = 3
#: Lines that are shown of what is wrong with a database.
BACKUP_DAMAGE: Final = 5
#: Steps of SQLite's machine that reading one value of a database may take; it needs a few dozen.
DATABASE_STEPS: Final = 1_000_000
#: Steps between two looks at whether somebody has interrupted us.
DATABASE_LOOK: Final = 10_000
#: Copies of one database that upgrades have put aside.
DATABASE_COPIES: Final = 3

# --- People ----------------------------------------------------------------------------------

#: Characters in an account's name.
NAME: Final = 64
#: Octets of a password in UTF-8; a longer one is refused before any hashing.
PASSWORD: Final = 1024
#: Characters that a new password must have, unless ``--allow-weak`` is given.
PASSWORD_LEAST: Final = 8
#: The same by ``--password-policy nist`` where no second factor stands beside it: NIST SP 800-63B-4.
PASSWORD_ALONE: Final = 15
#: Octets of a pepper, at least and at most.
PEPPER_LEAST: Final = 32
PEPPER: Final = 1024
#: Threads that hash passwords, at most one for each core; each takes 64 MiB while it works.
HASH_THREADS: Final = 8
#: Logins that wait for a thread; one more is told to try again.
HASH_QUEUE: Final = 64
#: The same from one source, loopback excepted, and by one account.
HASH_QUEUE_PER_ADDRESS: Final = 16
#: Failed tries remembered of each kind: of sources, of accounts at a source, of accounts.  Those that
#: cost nothing yet have half of it for themselves, and drive no other out; the oldest is forgotten.
THROTTLES: Final = 8192
#: Seconds without a failed try after which a source, or an account at a source, starts anew.
THROTTLE_FORGETS: Final = 900.0
#: The same for an account as tried from anywhere.
THROTTLE_ACCOUNT_FORGETS: Final = 24 * 3600.0
#: Failed tries of an IPv6 network of 48 bits that cost nothing: it may be a whole site.
THROTTLE_SITE: Final = 30
#: Accounts that one source may fail at within the time that follows.
SPRAY_ACCOUNTS: Final = 5
#: That time.
SPRAY_SPAN: Final = 600.0
#: How long it then waits, the first time; each further time twice as long.
SPRAY_WAIT: Final = 60.0
#: The most that it becomes.
SPRAY_WAIT_MOST: Final = 600.0
#: Seconds after which the first time is the first again.
SPRAY_FORGETS: Final = 3600.0
#: Wrong passwords remembered of an account at a source: the same one again costs nothing.
SAME_PASSWORDS: Final = 10
#: Accounts at a source of which they are; the oldest is forgotten.
SAME_PASSWORDS_OF: Final = 1024
#: How long a source stays known from which an account was let in.
PLACE: Final = 30 * 24 * 3600.0
#: How often it is stored that it was let in from there again.
PLACE_NOTED: Final = 3600.0
#: Known sources of one account; the oldest is forgotten.
PLACES_EACH: Final = 64
#: Accounts whose sources are remembered.
PLACES_ACCOUNTS: Final = 8192
#: The longest that a try waits for one of its counts; one that would wait longer is refused.
THROTTLE_PATIENCE: Final = 30.0
#: Tries that wait at once, for their turn or for what failures cost; one more is told to try again.
THROTTLE_WAITING: Final = 256
#: Logins that wait for a thread when those from sources new to an account begin to wait for others.
HASH_CROWDED: Final = HASH_QUEUE * 4 // 5
#: Changes of accounts that a process which was busy can still read of; older ones are deleted.
ACCOUNT_CHANGES: Final = 10_000
#: How long a token opens doors after its last use, and at most.
TOKEN_IDLE: Final = 12 * 3600.0
TOKEN_TOTAL: Final = 7 * 24 * 3600.0
#: How often it is noted that a token was used.
TOKEN_NOTED: Final = 60.0
#: Tokens, application passwords, SSH keys and live sessions of one account; one more is refused.
CREDENTIALS_EACH: Final = 50
#: Groups of one account.
GROUPS_EACH: Final = 64
#: Characters of what a token or an application password is said to be for.
LABEL: Final = 64
#: Characters of why an account was disabled or locked.
REASON: Final = 200
#: Characters of a scope, one that there is not, as a refusal repeats it.
SCOPE: Final = 32
#: How long another directory may take to say whether a password is right.
EXTERNAL: Final = 10.0
#: How long after what has happened to accounts could not be read it is read again.
CHANGES_AGAIN: Final = 1.0
#: How long a code that makes an account, or that an account's first password is set by, is good.
INVITATION: Final = 14 * 24 * 3600.0
#: The same for the code that makes the first administrator's account.
FIRST_CODE: Final = 24 * 3600.0
#: Wrong one-time codes of one account, and the time in which they are counted.
CODE_TRIES: Final = 5
CODE_SPAN: Final = 300.0
#: Recovery codes of one account.
RECOVERY_CODES: Final = 10
#: How long a password is known to be right, to protocols that send it with every request.
VERIFIED: Final = 300.0
#: Such passwords that are known; the oldest is forgotten.
VERIFIED_MOST: Final = 4096
#: Wrong ones of one account from one address in that time, after which none is known there.
VERIFIED_MISSES: Final = 10
#: Accounts of which it is known what a password that was right lately is like; the oldest is forgotten.
LATELY_RIGHT: Final = 8192
#: Tries unlike it that left before their turn, after which it is not known any more.
LATELY_GUESSES: Final = 20
#: Failed tries in a row, from anywhere, after which sources new to an account wait for one another.
THROTTLE_GUARDS: Final = 100
#: Octets of the audit trail's file before it is set aside.
AUDIT_FILE: Final = 16 * 2**20
#: Files of it that are set aside; the oldest is deleted.
AUDIT_OLD: Final = 4
#: Characters of one value in it; the rest is left out.
AUDIT_VALUE: Final = 256
#: Values of one list in it.
AUDIT_VALUES: Final = 32
#: Octets of one of its lines; a longer one is none of ours.
AUDIT_LINE: Final = 64 * 1024
#: Events that are read back at once.
AUDIT_EVENTS: Final = 10_000
#: A step of the system's clock that is told of, and what may lie in the future by it.
CLOCK_STEP: Final = 60.0
#: Who counts the time that has passed looks at it this often: timers may stand still while a machine sleeps.
ELAPSED_LOOK: Final = 60.0

# --- Class lists -----------------------------------------------------------------------------

#: One class list.
ROSTER: Final = 1024 * 1024
#: Accounts in it.
ROSTER_ROWS: Final = 2000
#: Groups of one account.
ROSTER_GROUPS: Final = 16
#: Characters in a group's name.
GROUP_NAME: Final = 64
#: Faults of one list that are told one by one.
ROSTER_FAULTS: Final = 50

# --- Login -----------------------------------------------------------------------------------

#: Seconds that the first prompt waits for a client that speaks first, such as a browser.
LOGIN_GREETING: Final = 0.1
#: Seconds between a verdict and what follows it: the tutorials' clients take one read for one text.
LOGIN_GAP: Final = 0.3
#: Seconds to answer one prompt.
LOGIN_ANSWER: Final = 30.0
#: Seconds from the connection, or from when a held prompt came, to a login.
LOGIN_TOTAL: Final = 60.0
#: The same two for who has shown an invitation: a name and a password must be thought of.
LOGIN_INVITED_ANSWER: Final = 120.0
LOGIN_INVITED_TOTAL: Final = 600.0
#: Tries on one connection.
LOGIN_TRIES: Final = 6
#: Lines that may wait while a password is checked or a prompt is held back; two more before the first prompt.
LOGIN_LINES: Final = 4
#: Silence that ends a session after the login.
SHELL_IDLE: Final = 1800.0
#: How long such a session may be.
SHELL_TOTAL: Final = 12 * 3600.0
#: Lines that may wait there while something is done.
SHELL_LINES: Final = 16
#: Wrong codes, or names and passwords that cannot be, before a question there is given up.
SHELL_TRIES: Final = 3
#: Columns of a terminal there that has not said how many it has.
SHELL_COLUMNS: Final = 80

# --- SSH ---------------------------------------------------------------------------------------

#: How long somebody may take from the connection to being let in.
SSH_LOGIN: Final = 60.0
#: Tries on one connection, offered keys included, as OpenSSH has it.
SSH_TRIES: Final = 6
#: Requests to be let in on one connection, those that are answered without being a try included.
SSH_REQUESTS: Final = 32
#: Octets of a name that somebody wants to come in by.
SSH_USER: Final = 1024
#: Octets of a client's public key: an RSA key of 16,384 bits has 2,071.
SSH_KEY: Final = 4096
#: Octets of a host's private key file.
SSH_KEY_FILE: Final = 64 * 1024
#: A client's first line: RFC 4253 section 4.2.
SSH_VERSION: Final = 255
#: Octets of one packet: RFC 4253 section 6.1 has everybody take 35,000.
SSH_PACKET: Final = 35_000
#: How long an exchange of keys may take once it has begun.
SSH_EXCHANGE: Final = 30.0
#: Octets in both directions after which there is another: RFC 4253 section 9.
SSH_REKEY: Final = 2**30
#: Sessions at once on one connection, as in OpenSSH.
SSH_CHANNELS: Final = 10
#: What a client may send to a session before it is taken.
SSH_WINDOW: Final = 32 * 1024
#: The smallest packets that a client may ask for: each costs us as much as a large one.
SSH_LEAST_PACKET: Final = 1024
#: How long a connection may stand on which no session goes on.
SSH_IDLE: Final = 600.0
#: How long the clients of sessions that we end may take to hang up by themselves.
SSH_FAREWELL: Final = 0.5
#: Octets that a session says before it looks whether they are read.
SSH_AT_ONCE: Final = 16 * 1024
#: Characters of one line in a terminal.
SSH_LINE: Final = 8192
#: Lines that a terminal's history has.
SSH_HISTORY: Final = 100

# --- LDAP ------------------------------------------------------------------------------------

#: One message from a client of the directory.
LDAP_MESSAGE: Final = 64 * 1024
#: Elements in one message: the parts of a filter and their values, the attributes asked for.
LDAP_ELEMENTS: Final = 1024
#: How deep elements may be nested.
LDAP_DEPTH: Final = 32
#: What may have come beyond the message that is being answered; then the connection ends.
LDAP_WAITING: Final = 256 * 1024
#: Characters of a distinguished name, octets of a value in a filter; nothing matches what is longer.
LDAP_NAME: Final = 1024
#: Seconds without a bind: from the connection, or from a bind that was refused.
LDAP_UNBOUND: Final = 30.0
#: Seconds for one message to come in whole.
LDAP_ARRIVES: Final = 30.0
#: Silence of somebody who is bound, after which the connection ends.
LDAP_IDLE: Final = 900.0
#: Refused binds in a row on one connection.
LDAP_TRIES: Final = 10
#: Seconds that one search may take, unless its client asks for fewer.
LDAP_SEARCH: Final = 60.0
#: Comparisons made at a time for one connection; a message counts as 64, a value that is given as one.
LDAP_AT_ONCE: Final = 1024
#: Searches by pages that one connection may have begun; the oldest is forgotten.
LDAP_PAGED: Final = 4
#: How long a search by pages waits for its client to ask for the next one.
LDAP_PAGE: Final = 60.0
#: How long changes of accounts are gathered before the directory is made anew.
LDAP_SETTLE: Final = 0.2
#: How long after accounts could not be read they are read again.
LDAP_AGAIN: Final = 5.0
#: Accounts, or entries, of one step in making the directory.
LDAP_STEP: Final = 100

# --- HTTP verification -----------------------------------------------------------------------

#: Seconds that a try may be held back for earlier failures; one that must wait longer is refused at once.
HTTP_HELD: Final = 4.0
#: Seconds within which it is known who asks, the wait included; then the answer is 503.
HTTP_VERIFY: Final = 10.0
#: How long a token that was right is so for the next request; any account's change ends it.
HTTP_RIGHT: Final = 1.0
#: Such tokens at once; the oldest are forgotten.
HTTP_RIGHT_MOST: Final = 4096
#: Accounts whose groups are remembered until something changes; then, and beyond this, all are forgotten.
HTTP_GROUPS: Final = 4096
#: Octets of a bearer token.
HTTP_BEARER: Final = 4096
#: Requirements in one query.
HTTP_REQUIREMENTS: Final = 32
#: Seconds after which who got a 503 is asked to come back.
HTTP_RETRY: Final = 5

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
#: Days that a message is kept unless --keep-talk says otherwise, and the most that it may say.
TALK_DAYS: Final = 365
TALK_DAYS_MOST: Final = 36_500
#: How often what is older is looked for.
TALK_LOOK: Final = 24 * 3600.0
#: Seconds of talk, from the oldest message on, that one look may delete, since the clock may be wrong.
TALK_LOOK_SPAN: Final = 7 * 24 * 3600.0
#: Rooms looked at, and messages of one room deleted, in one turn of the database.
TALK_LOOK_ROOMS: Final = 16
TALK_LOOK_MESSAGES: Final = 500
#: Between two such turns, so that those who talk come first.
TALK_LOOK_PAUSE: Final = 0.05
#: Rooms and direct talks with messages in the database.
STORED_ROOMS: Final = 20_000
#: Messages that one question for history gives.
HISTORY: Final = 500
#: How often in a row a room is read that cannot be read; after that, when there is something new in it.
ROOM_TRIES: Final = 30
#: How long after such a try the next one comes.
ROOM_AGAIN: Final = 1.0
#: Rooms that may be in use at once; the lobby may always.
ROOMS: Final = 10_000
#: Rooms that one presence may be in: all connections of one address to two doors cannot be in all.
ROOMS_EACH: Final = 16
#: Presences at once.
PRESENCES: Final = 8192
#: How long the direct talk of a guest is kept after its last message.
GUEST_TALKS: Final = 24 * 3600.0

# --- Plain datagram chat ---------------------------------------------------------------------

#: How long a datagram waits for what somebody says before it gets the acknowledgement.
PLAIN_WAIT: Final = 0.3
#: Silence after which a plain peer is forgotten.
PLAIN_FORGETS: Final = 600.0
#: Plain peers at once; the one silent longest is forgotten.
PLAIN_PEERS: Final = 1024
#: Plain peers at one address; loopback may have as many as there are.
PLAIN_PEERS_EACH: Final = 64
#: Lines that wait for one plain peer's next datagram; the oldest are dropped.
PLAIN_PENDING: Final = 64
#: Answers that one plain peer may wait for at once.
PLAIN_OWED: Final = 100
#: Lines of one datagram or IP Messenger text that become messages of their own; the rest is joined.
CHAT_LINES: Final = 20
#: How long a text is remembered that must not come back from the peer it was sent to.
NO_ECHO: Final = 10.0

# --- IP Messenger ----------------------------------------------------------------------------

#: Peers at once; a full table takes nobody new.
IPMSG_PEERS: Final = 1000
#: Peers at one address.
IPMSG_PEERS_EACH: Final = 32
#: Answers to presence, to one peer in a second.
IPMSG_PRESENCE_RATE: Final = 1
#: Receipts to one peer in a second.
IPMSG_RECEIPT_RATE: Final = 20
#: Other answers to one peer in a second.
IPMSG_OTHER_RATE: Final = 1
#: Answers to all peers together in a second.
IPMSG_RATE: Final = 1000
#: Octets sent to a peer that has not proved its address, for each octet that came from it.
IPMSG_UNPROVED: Final = 2
#: How often such a peer is asked who it is, though it has no octets left for the question.
IPMSG_ASK_UNPROVED: Final = 60.0
#: Such octets that may be saved up.
IPMSG_UNPROVED_MOST: Final = 4096
#: How long a number is remembered, so that a repeated message is shown once.
IPMSG_SEEN: Final = 600.0
#: Numbers remembered of one peer.
IPMSG_SEEN_EACH: Final = 256
#: Messages that wait for one peer; the oldest are dropped.
IPMSG_QUEUE: Final = 200
#: Octets that wait for one peer.
IPMSG_QUEUE_OCTETS: Final = 64 * 1024
#: Silence after which a peer that is in the lobby is asked whether it is still there.
IPMSG_REFRESH: Final = 60.0
#: Silence after which it is away: it leaves the lobby, and comes back with its next packet.
IPMSG_AWAY: Final = 240.0
#: How often one that is away is asked, since many clients say nothing when their machine wakes up.
IPMSG_ASK_AWAY: Final = 300.0
#: The newest lines of those said meanwhile that it is told when it comes back.
IPMSG_MISSED: Final = 50
#: Silence after which a peer is forgotten, and what waits for it.
IPMSG_FORGETS: Final = 3600.0
#: The same for a peer that has not proved its address.
IPMSG_FORGETS_UNPROVED: Final = 600.0
#: How long a connection to the file port may take to say what it wants; then it is closed.
IPMSG_REQUEST: Final = 5.0

# --- Files -----------------------------------------------------------------------------------

#: What is gathered into one write, so that a small file arrives in one piece.
ONE_WRITE: Final = 64 * 1024
#: What one peer gets from one ``sendfile`` before the next peer's turn.
SENDFILE: Final = 1024 * 1024
#: How long we read on, and drop it, after our last word to a peer that is still sending.
LINGER: Final = 2.0
#: What the disk is asked to read ahead when a file is not in memory.
READ_AHEAD: Final = 8 * 1024 * 1024
#: How often we look whether the disk has read what a file needs next.
DISK_LOOK: Final = 0.005
#: How long we look, before we wait for the disk with everything else.
DISK: Final = 1.0
#: Wait for the first octet on the port of files.
FILE_FIRST: Final = 30.0
#: From the first octet until it is clear what a client speaks, and for a frame to come in whole.
FILE_OPENING: Final = 10.0
#: Quiet that ends what may be the beginning of a command or of an HTTP request.
FILE_QUIET_WORD: Final = 5.0
#: Silence between commands, frames and HTTP requests of one connection.
FILE_IDLE: Final = 60.0
#: A frame from a client: a file's name, or a header.
FRAME: Final = 65535
#: A file's name with its folders.
FILE_NAME: Final = 1024
#: Names in a listing; of a larger folder the rest is left out.
LISTING: Final = 4096
#: Ranges in one request; more get the whole file.
RANGES: Final = 16
#: The head of an HTTP request: the time it may take.
HTTP_HEAD: Final = 10.0
#: How long an answer is waited for whose client sends no more: most such clients have gone.
HTTP_GONE: Final = 1.0
#: Files whose SHA-256 is remembered.
DIGESTS: Final = 4096
#: Files that wait to have theirs computed.
DIGEST_QUEUE: Final = 16

# --- The netapp command ----------------------------------------------------------------------

#: Seconds that the command waits for a connection, and for a peer that does not read.
COMMAND_CONNECT: Final = 10.0
#: Seconds it waits for an answer unless ``--wait`` says otherwise.
COMMAND_ANSWER: Final = 2.0
#: Copies of a datagram that it sends, evenly within that time, until an answer comes.
COMMAND_COPIES: Final = 3
#: A segment of TCP that is shorter is a message; a longer one may go on in the next.
COMMAND_SEGMENT: Final = 1024
#: Quiet after which a message over TCP that may go on is shown as it is.
COMMAND_GATHER: Final = 0.1
#: One message that it shows; a longer one is shown in pieces, a longer frame is refused.
COMMAND_MESSAGE: Final = 16 * 2**20
#: Connections to ``netapp tcp --listen``.
COMMAND_CONNECTIONS: Final = 256
#: Datagram peers whose encoding ``netapp udp --listen`` remembers.
COMMAND_PEERS: Final = 1024
#: Seconds that each copy of a question for a name waits for its answer.
COMMAND_TRIES: Final = (1.0, 2.0, 4.0)
#: Octets of a zone that it shows by transfer; a server that never ends one is left then.
COMMAND_TRANSFER: Final = 4 * 2**30
#: Seconds at which a message to one FeiQ goes out again with the same number: IPMSG 7.3.
FEIQ_COPIES: Final = (0.0, 0.75, 1.5)
#: Seconds it waits for the receipt.
FEIQ_RECEIPT: Final = 3.0
#: Messages a second to a network.
FEIQ_PACE: Final = 50
#: Addresses that one message may go to.
FEIQ_ADDRESSES: Final = 1024
#: Octets of one FeiQ packet; longer ones are cut by some: IPMSG 1.5.
FEIQ_PACKET: Final = 8000
#: Octets of a file of accounts that ``netapp user import`` reads.
IMPORT: Final = 64 * 2**20
#: How often ``netapp get`` goes on by itself where a transfer was cut.
GET_RESUMES: Final = 5

# --- The terminal ----------------------------------------------------------------------------

#: Octets of one message that are shown; a file that is saved has them all.
TERMINAL_SHOWN: Final = 4096
#: The same where each 16 of them are a line.
TERMINAL_DUMPED: Final = 256
#: Messages of a talk that are kept for a later ``/save``, and their octets.
TERMINAL_KEPT: Final = 10_000
TERMINAL_KEPT_OCTETS: Final = 16 * 2**20
#: Lines of history, and octets of one of them.
TERMINAL_HISTORY: Final = 1000
TERMINAL_LINE: Final = 4096
#: Peers whose encoding is remembered apart from their connection.
TERMINAL_PEERS: Final = 1024
#: The shortest time between two messages of ``/every``.
TERMINAL_EVERY: Final = 0.01
#: Peers of an operator at a terminal; who has been silent longest is forgotten.
DESK_GUESTS: Final = 1024
#: Octets of a file that are read at once, and seconds between two looks at a peer that reads slowly.
TERMINAL_PIECE: Final = 64 * 1024
TERMINAL_PAUSE: Final = 0.02
#: Seconds that the end waits for the terminal to be given back.
TERMINAL_END: Final = 2.0

# --- Doctor ----------------------------------------------------------------------------------

#: Seconds that everything takes together; what is not ready by then is named as such.
DOCTOR: Final = 2.8
#: Seconds that one listener has to answer, and a database to be looked through.
DOCTOR_ANSWER: Final = 1.2
#: Seconds that a program such as nft has.
DOCTOR_COMMAND: Final = 2.0
#: Questions that are asked at the same time.
DOCTOR_THREADS: Final = 32
#: Addresses of this machine that are asked, and files of the state directory that are looked at.
DOCTOR_ADDRESSES: Final = 64
DOCTOR_ENTRIES: Final = 1000
#: Findings of one kind on single files.
DOCTOR_EACH: Final = 8
#: Running netapps that are looked at.
DOCTOR_RUNNING: Final = 16
#: Octets free on a disk at which it counts as full, and the per cent at which it nearly is.
DOCTOR_FULL: Final = 64 * 2**20
DOCTOR_NEARLY_FULL: Final = 5
#: Inodes free at which a disk counts as nearly full.
DOCTOR_FILES: Final = 1024
#: Octets that a UDP socket should be able to hold for us.
DOCTOR_BUFFER: Final = 208 * 1024
#: Seconds that files may be in the future of: disks elsewhere have clocks of their own.
DOCTOR_CLOCK: Final = 120.0

# --- Names -----------------------------------------------------------------------------------

#: One hosts file.
HOSTS_FILE: Final = 64 * 1024 * 1024
#: Broken lines of one file that are logged one by one.
FAULTS_LOGGED: Final = 10
#: How long the changes of a source are gathered before a new snapshot is made.
NAMES_SETTLE: Final = 0.2
#: Names of zones that are looked at for one that shows how to ask.
NAMES_EXAMPLES: Final = 1000
#: Octets of a zone's master file and all that it includes; a million names take some 40 MB.
ZONE_FILE: Final = 2 * 2**30
#: Octets of one of its lines, or of all between two parentheses: one record has at most 65,535.
ZONE_LINE: Final = 512 * 1024
#: Records in one zone's files, and names that it may come to by updates.
ZONE_RECORDS: Final = 20_000_000
#: Records that its $GENERATE lines may make together.
ZONE_GENERATE: Final = 2_000_000
#: How deep files may include files, and how many there may be.
ZONE_INCLUDE_DEPTH: Final = 8
ZONE_INCLUDES: Final = 1000
#: Faults of one zone that are told one by one.
ZONE_FAULTS: Final = 1000
#: Warnings of one kind that a check of a zone tells one by one.
ZONE_WARNINGS: Final = 100
#: Record data that is remembered while a zone is read, since others may have the same.
ZONE_ALIKE: Final = 65536
#: Octets of a zone's files beyond which its reading is work in bulk (see netapp/core/bulk.py), and
#: names of two zones beyond which comparing them is.
ZONE_BULK: Final = 4 * 2**20
ZONE_BULK_NAMES: Final = 100_000
#: Zones of files.
ZONES: Final = 100_000
#: Files in folders of zones that are named in the log, since they are no zones.
ZONES_PASSED_OVER: Final = 1000
#: Quiet after which a zone's file that somebody writes is read, and how long that is waited for at most.
ZONE_SETTLE: Final = 0.5
ZONE_SETTLE_MOST: Final = 30.0
#: How often zone files are looked at where there is no inotify.
ZONE_POLL: Final = 5.0
#: How often they are looked at where there is: of what it cannot tell.
ZONE_LOOK: Final = 60.0
#: After this an owner's edit that could not be taken in is tried again, and each time twice as many rounds
#: later, up to the second figure; one that does not go together with an update only if the zone is
#: another by then.
ZONE_EDIT_AGAIN: Final = 5.0
ZONE_EDIT_ROUNDS: Final = 64
#: Records of one name and type that updates may make: more would fit into no answer.
ZONE_SET: Final = 2000
#: Changes of one zone that are remembered for IXFR, and records in all of them.
ZONE_HISTORY: Final = 1000
ZONE_HISTORY_RECORDS: Final = 100_000
#: Zones of files of which it is remembered with which serial they were served last.
ZONE_SERVED: Final = 100_000
#: Changes of zones that wait for the disk; one more is refused.
ZONE_WAITING: Final = 2000
#: How far its serial steps on where changes of a zone are lost, and nobody can tell how many: more than
#: there may be in a journal, and not so far that serials by date never overtake it.
ZONE_LOST_SERIALS: Final = 2**20
#: Octets of a zone's journal before the whole zone is written anew, if the zone is not larger than that.
ZONE_JOURNAL: Final = 1024 * 1024
#: Octets that are looked at for what is sound behind damage in a zone's journal.
ZONE_SALVAGE: Final = 256 * 1024 * 1024
#: Damaged journals of one zone that are kept aside, and bases; after that the last makes room.
ZONE_ASIDE: Final = 8
#: Iterations of a zone's NSEC3 hash beyond which it is served without proofs; what validators took
#: before RFC 9276, which wants none.
NSEC3_ITERATIONS: Final = 150
#: NSEC3 hashes of names that are remembered, of all zones together.
NSEC3_HASHES: Final = 65536
#: Wildcards of NSEC zones whose place in their order is remembered.
NSEC_WILDCARDS: Final = 4096
#: Texts in other scripts than ASCII of which it is remembered which name they are, or that they are none.
NAMES_TEXTS: Final = 2048
#: Hosts of one set whose addresses are put beside it, where a client can do without.
ZONE_ADDITIONAL: Final = 24
#: Referrals of one zone that are kept ready.
ZONE_REFERRALS: Final = 4096

# --- DNS -------------------------------------------------------------------------------------

#: Largest DNS answer in a datagram, by EDNS: fits every link unfragmented (DNS flag day 2020).
DNS_DATAGRAM: Final = 1232
#: A DNS request over TCP is shorter than this, so that text and DNS can share the port.
DNS_REQUEST: Final = 8192
#: Records in one request, beside its question.
DNS_REQUEST_RECORDS: Final = 16
#: EDNS options in one request.
DNS_OPTIONS: Final = 32
#: Packed answers kept for each kind of cache: by question, by datagram, by text.
DNS_ANSWERS: Final = 32768
#: The same for names that are not there and names that a wildcard makes: random ones evict no others.
DNS_FLEETING_ANSWERS: Final = 16384
#: Octets of a plain question whose answer is kept.
DNS_TEXT: Final = 512
#: What is said of missing and delegated names, kept with their zone by length.
DNS_BODIES: Final = 1024
#: OPT records of requests that are known without being read.
DNS_OPTS: Final = 256
#: Forms of requests (flags, type and OPT record) that are answered without being read.
DNS_FORMS: Final = 1024
#: Clients whose cookies are remembered; all are forgotten beyond it, and known again by their hash.
DNS_COOKIES: Final = 16384
#: Octets of what a DNS server is asked to call itself: an NSID, a version.
DNS_IDENTITY: Final = 128
#: Connections to one DNS listener; beyond it the oldest idle one is closed.
DNS_CONNECTIONS: Final = 600
#: A DNS connection: until its next request, and for one request to arrive whole.
DNS_IDLE: Final = 10.0
#: A DNS connection in all; then it ends between two requests, and its client may come again.
DNS_LIFETIME: Final = 3600.0
#: Requests of one DNS connection that wait for something slow (an update, a transfer) at a time.
DNS_WAITING: Final = 8
#: A connection to the DNS port that has not said enough to be known for DNS or text.
DNS_UNDECIDED: Final = 30.0
#: A person's connection to the DNS port, between two lines.
DNS_TEXT_IDLE: Final = 300.0
#: Octets of answers made at a time for one connection; the rest waits until they are read.
DNS_ANSWERS_AT_ONCE: Final = 64 * 1024
#: Requests of one DNS connection that are answered in a step; then others have theirs.
DNS_REQUESTS_AT_ONCE: Final = 64
#: Seconds that DNS connections have in one turn of the reactor, all together, for what waits; and as
#: many for what is answered where it is read.
DNS_TURN: Final = 0.002
#: Keys of one process, octets of one secret, and octets of a file of keys.
DNS_KEYS: Final = 1024
DNS_KEY_SECRET: Final = 512
#: Octets of a secret below which it is warned of; RFC 8945 section 8 has the MAC's whole length, no less.
DNS_KEY_SHORT: Final = 16
DNS_KEY_FILE: Final = 1024 * 1024
#: How long an update by datagram is known, in case its answer was lost: nsupdate asks again after 3 s.
DNS_UPDATE_REPEATED: Final = 10.0
#: How many are known so, each by its port and for a stream; the oldest is forgotten.
DNS_UPDATES_KNOWN: Final = 4000
#: What the name service's log has once, of refusals of one kind (a zone, a NOTIFY, an update); the oldest
#: is forgotten.
DNS_SAID_ONCE: Final = 256
#: Records in one update, or another request that is more than a question: one over TCP holds no more.
DNS_UPDATE_RECORDS: Final = 700
#: Rules of one --allow-transfer, --allow-update or --allow-notify.
DNS_RULES: Final = 256
#: How far a signed message's time may be from ours; what RFC 8945 section 10 recommends.
TSIG_FUDGE: Final = 300
#: How much earlier than the latest of its key an update may have been signed: RFC 8945 section 5.2.3.
#: ``nsupdate`` signs once, and sends that again for nine seconds.
TSIG_LEEWAY: Final = 15
#: Between two lines of the log on one key whose signatures do not hold, for one reason.
TSIG_LOG: Final = 600
#: Unsigned messages of a transfer in between two signed ones: RFC 8945 section 5.3.1.
TSIG_UNSIGNED: Final = 99
#: Answers of one kind to one public network in a second, by default; beyond it every RRL_SLIP-th goes
#: out cut and the others are dropped, until the network has been quiet for RRL_WINDOW seconds.
RRL_RATE: Final = 200
RRL_SLIP: Final = 2
RRL_WINDOW: Final = 15
#: Accounts of such answers, of each of two ages; some 200 octets each.
RRL_ACCOUNTS: Final = 50_000
#: The query log: lines that are written at once, lines that wait for that, batches that wait for the
#: disk, and seconds that a line may wait.
QUERY_LOG_BATCH: Final = 1024
QUERY_LOG_WAITING: Final = 8192
QUERY_LOG_QUEUE: Final = 16
QUERY_LOG_FLUSH: Final = 1.0
#: Largest --query-log-sample.
QUERY_LOG_SAMPLE: Final = 1_000_000
#: Processes of --workers.
WORKERS: Final = 64
#: Octets of names that a worker is told at a time, and of the largest frame that comes from one.
WORKER_PIECE: Final = 64 * 1024
WORKER_FRAME: Final = 1024 * 1024
#: Names of whole zones, told at once, for which a worker rests and its starter answers.
WORKER_HEAVY: Final = 20_000
#: Requests of one worker that wait for the process that started it; more get SERVFAIL.
WORKER_ASKED: Final = 256
#: How long an update's answer waits until every worker has the new names.
WORKER_SETTLE: Final = 2.0
#: A worker that neither reads nor takes what it is told is ended after this; one that is told nothing
#: for the second figure is asked whether it is there.
WORKER_STUCK: Final = 30.0
WORKER_LOOK: Final = 10.0
#: How long a worker that is to end may finish what it has.
WORKER_END: Final = 3.0
#: Seconds between two tellings of a worker's counts.
WORKER_COUNTS: Final = 1.0
#: Pause before a worker that died is started again, doubled each time up to the second figure, and
#: back to the first once one has lived for the third.
WORKER_PAUSE: Final = 0.5
WORKER_PAUSE_MOST: Final = 60.0
WORKER_STEADY: Final = 60.0
#: Seconds until sockets are tried again that the starter of a worker could not read in its stead.
WORKER_ADOPT: Final = 5.0
#: Characters of a line of a worker that the log shows, and lines of one worker in a minute.
WORKER_LINE: Final = 500
WORKER_LINES: Final = 60
#: Zones whose serial the metrics show.
METRICS_ZONES: Final = 100
#: Records of one message that are walked to find its signature; one over TCP cannot hold more.
TSIG_RECORDS: Final = 6000

# --- Zone transfers ---------------------------------------------------------------------------

#: Octets of one message of a transfer out that holds more than one record: pointers reach so far.
TRANSFER_MESSAGE: Final = 16 * 1024
#: Octets of the rdata of one record in it: a message has 65535, and perhaps a signature.
TRANSFER_RECORD: Final = 64_000
#: Transfers out at once, and those of one address.
TRANSFERS_OUT: Final = 64
TRANSFERS_OUT_EACH: Final = 16
#: Seconds without a message read after which a transfer out may lose its place to who holds fewer.
TRANSFER_IDLE: Final = 1.0
#: Between two lines of the log on why one address's transfers end early, or do not begin.
TRANSFER_TOLD: Final = 600.0
#: How long one transfer out may take.
TRANSFER_OUT: Final = 7200.0
#: Octets of one transfer in, as it comes and of all names and data in it, and its records.
TRANSFER_OCTETS: Final = 1024 * 2**20
TRANSFER_RECORDS: Final = 10_000_000
#: Records of differences that are looked through for what fits a datagram: anybody may seem to ask.
TRANSFER_CONDENSED: Final = 500
#: Records of differences (IXFR) in one: with more, all of the zone is asked for, and built aside.
TRANSFER_DIFFERENCES: Final = 100_000
#: Octets of a transfer in that are read ahead of what is made of them, and made records of in one turn.
TRANSFER_AHEAD: Final = 64 * 2**20
TRANSFER_TURN: Final = 16 * 1024
#: Seconds of such a turn, and records that are made between two looks at the clock.
TRANSFER_TURN_TIME: Final = 0.002
TRANSFER_STEP: Final = 100
#: Records of a transfer in beyond which making a zone of them is work in bulk: see netapp/core/bulk.py.
TRANSFER_BULK: Final = 100_000
#: Records of it that are forgotten at once.
TRANSFER_FORGET: Final = 10_000
#: Records by which a zone that came whole may differ from the one before, to be a change of it.
TRANSFER_CHANGE: Final = 10_000
#: Transfers in at once, and those from one address; the others wait for their turn.
TRANSFERS_IN: Final = 8
TRANSFERS_IN_EACH: Final = 3
#: Questions to primaries whether there is something newer, at once, and those to one address.
ZONE_LOOKS: Final = 256
ZONE_LOOKS_EACH: Final = 64
#: How long a primary may take to be connected to, for so many octets of a transfer more, and for all of it.
TRANSFER_CONNECT: Final = 10.0
TRANSFER_SILENCE: Final = 30.0
TRANSFER_LEAST: Final = 4096
TRANSFER_IN: Final = 3600.0
#: Seconds that a primary has to answer a question over UDP, each time it is asked; then TCP is tried.
TRANSFER_ASK: Final = (2.0, 3.0, 5.0)
#: Bounds of what an SOA says of refresh, retry and expire.
ZONE_REFRESH: Final = (2.0, 28 * 24 * 3600.0)
ZONE_RETRY: Final = (2.0, 14 * 24 * 3600.0)
ZONE_EXPIRE: Final = (10.0, 365 * 24 * 3600.0)
#: How much sooner than the SOA says a refresh or a retry may come, as a share of it: not all at once.
ZONE_JITTER: Final = 0.1
#: How long a zone that has never been had waits before its primaries are tried again, at first and at most.
ZONE_FIRST_RETRY: Final = (5.0, 3600.0)
#: How long after a refresh, at most, it is noted on the disk when that was; and again once the clock was set.
ZONE_TIMES: Final = 30.0
#: Primaries of one zone.
ZONE_PRIMARIES: Final = 16
#: Seconds after which a NOTIFY that was not answered goes out again: RFC 1996 section 3.6.
NOTIFY_TRIES: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
#: How long changes are gathered before the NOTIFY of them goes out.
NOTIFY_SETTLE: Final = 0.2
#: NOTIFYs to one server that wait for their answers at once; the others to it wait for their turn.
NOTIFY_WAITING: Final = 16
#: Between two looks at the primaries of a zone, however many NOTIFYs come.
NOTIFY_LOOK: Final = 1.0
#: Servers that are told.
NOTIFY_TARGETS: Final = 64

# --- Chat: line chat and IRC -----------------------------------------------------------------

#: How long somebody in the line chat may think about a nickname.
CHAT_NAME_WAIT: Final = 300.0
#: Wrong passwords of one connection before it is closed.
CHAT_TRIES: Final = 10
#: Messages that a session may say or ask at once before it must wait for tokens.
FLOOD_BURST: Final = 5
#: Tokens that a session gets back in one second.
FLOOD_RATE: Final = 2.0
#: Octets of an answer that cost one token more.
CHAT_ANSWER: Final = 16 * 1024
#: Messages of one session that may wait; beyond this what came stays octets, and we do not read on.
CHAT_QUEUE: Final = 32
#: Messages of one session on their way to the disk at once.
CHAT_UNSTORED: Final = 64
#: Messages shown to somebody who enters a room.
CHAT_RECENT: Final = 10
#: Messages that /history shows unless it is told a number.
CHAT_HISTORY: Final = 50
#: How long an IRC client may take to register.
IRC_REGISTRATION: Final = 30.0
#: Lines that an IRC client may send before it is registered.
IRC_LINES_BEFORE: Final = 64
#: One IRC line with its CR LF, without tags: RFC 1459 section 2.3.
IRC_LINE: Final = 512
#: The tags of one IRC line, "@" and space included: IRCv3 message tags.
IRC_TAGS: Final = 4096
#: What may come from an IRC client without a line's end.
IRC_UNENDED: Final = 16 * 1024
#: Silence after which an IRC client is asked whether it is there.
IRC_SILENCE: Final = 90.0
#: How long it may take to answer.
IRC_PONG: Final = 60.0
#: Names in one IRC list of targets.
IRC_TARGETS: Final = 8

# --- Tutorial --------------------------------------------------------------------------------

#: Ports tried for a responder whose own cannot be had.
TUTORIAL_PORTS: Final = 200
