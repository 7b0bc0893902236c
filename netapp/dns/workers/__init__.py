"""``--workers N``: datagrams are answered by N processes at one port.

One process stays what it is: it has the names, the journal, all connections, transfers, updates and
figures.  It binds N sockets at each port (socket(7), ``SO_REUSEPORT``), so that each client's
datagrams come to one of them, and starts a process for each, which is given its sockets, what it is
to know of the configuration, and the names, through a pipe.  What a worker cannot answer by a look
it asks its starter, who does with it what it does with its own.

    crew       all workers; when all have the newest names
    place      one worker's place: who reads its sockets, and when a process is begun there
    process    one worker as its starter sees it: the pipe, and what goes through it
    settings   what it is to know of the configuration
    feed       from the names that a worker has to the newest, in pieces; and its copy of them
    wire       the frames of the pipe
    listener   a listener with several sockets
    worker     the worker itself; relay is its way to ask
    tally      its counts, added to its starter's

The sockets are the starter's, and it reads a place's itself while there is no worker: before the
first is ready, after one has died, until the next is; and while one is told a large zone whole.
So nobody's question waits for a process, and one that dies again and again costs its pauses and
nothing else.

What is sent is the newest state, never a queue of events: a worker that has read all gets what is
different in the names of that moment.  A slow one gets fewer, larger differences; memory does not
grow with how slow it is.
"""
