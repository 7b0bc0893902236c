"""The states of the login prompt, and how they follow each other.

::

                                        +-- CODE <--+                       a second factor
                                        v           |
    GREETING --> NAME --> (HELD) --> PASSWORD --> CHECKING --> ENTERING --> INSIDE
                  ^ |                               |   ^
                  | +--> CHECKING --> JOINING ------|---+                   an invitation
                  +-------------- RESTING <---------+                       wrong, busy

NAME, PASSWORD, CODE and JOINING take lines.  In CHECKING lines wait for what is found out; GREETING,
HELD, RESTING and ENTERING end by themselves when they are due: the first prompt waits for a browser
that speaks first, HELD and RESTING are what failed tries cost, and RESTING and ENTERING keep what
follows a verdict apart from it, since the tutorials' client takes one read for one text.
"""

from enum import Enum
from typing import Final


class State(Enum):
    GREETING = "greeting"
    NAME = "name"
    HELD = "held"
    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    JOINING = "joining"
    CHECKING = "checking"
    RESTING = "resting"
    ENTERING = "entering"
    INSIDE = "inside"
    LEAVING = "leaving"


#: What a state that ends by itself goes over to.
PROMPTS: Final = {State.GREETING: State.NAME, State.RESTING: State.NAME, State.HELD: State.PASSWORD}
TAKING: Final = frozenset({State.NAME, State.PASSWORD, State.CODE, State.JOINING})
#: States whose end is known without another line.
GOING_ON: Final = frozenset({State.GREETING, State.CHECKING, State.ENTERING, State.INSIDE, State.LEAVING})
