"""Line chat: for people with telnet or nc, and for the tutorials' programs (T6, T16, T27)."""
