"""What this program tells its parent."""

import json
import sys
import threading
from typing import Any

_lock = threading.Lock()


def emit(event: dict[str, Any]) -> None:
    """Writes one event as one line, whole, and at once. Progress comes from several threads."""
    text = json.dumps(event, separators=(",", ":"))
    with _lock:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def progress(text: str) -> None:
    emit({"event": "line", "text": text})
