"""The chat service: the rooms of :mod:`netapp.talk` for telnet, nc and IRC clients.

``lines`` is a line chat for people and for the tutorials' programs; ``irc`` speaks RFC 1459 and
what clients use of RFC 2812 and of IRCv3 (``CAP``, ``server-time``, ``echo-message``).  Both are
sessions over one :class:`netapp.chat.conversation.Conversation`: what a client sends waits in a
queue, what talk must do is given out as values (:mod:`netapp.chat.asks`), and
:class:`netapp.chat.protocol.ChatProtocol` does it.

Left out so far: channel modes, operators, bans and invitations, SASL, CHATHISTORY, WebSocket.
"""
