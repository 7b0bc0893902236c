"""IRC: RFC 1459 and RFC 2812 as clients use them, with CAP, server-time and echo-message of IRCv3."""
