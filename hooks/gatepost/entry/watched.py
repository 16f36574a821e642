"""Whether the log that a verification is to read is there: said at once, not after ten minutes of watching."""

from __future__ import annotations

import os
from pathlib import Path

from gatepost.metrics import Verification
from gatepost.model import printable


def unreadable(settings: Verification) -> str:
    """Say why the path of a source cannot be read, or nothing; only a path of this machine is looked at."""
    path = Path(settings.path)
    if not settings.source or not path.is_absolute() or any(char in settings.path for char in "*?["):
        return ""
    said = printable(settings.path)
    if not os.path.lexists(path):
        return f"{said}: does not exist"
    return "" if os.access(path, os.R_OK) else f"{said}: may not be read by the user that runs the hooks"
