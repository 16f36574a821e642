"""See a text on which a tree-sitter scanner takes the square of its length, in C, where no signal is heard."""

from __future__ import annotations

import time
from typing import Any

SMALL, PIECE = 16 * 1024, 16 * 1024


def ends(parser: Any, raw: bytes, seconds: float = 2.0) -> bool:
    """Tell whether a parser gets through a text in time; short ones always do."""
    if len(raw) <= SMALL:
        return True
    stop, late = time.monotonic() + seconds, False

    def read(offset: int, _: object) -> bytes:
        nonlocal late
        late = late or time.monotonic() > stop
        return b"" if late else raw[offset : offset + PIECE]

    parser.parse(read)
    return not late
