"""Messages as rows."""

from pathlib import Path
from typing import Any

from netapp.core.state import open_state
from netapp.talk.store import MemoryStore, Store


def open_store(state: Path, reactor: Any) -> Store:
    open_state(state)
    return MemoryStore()
