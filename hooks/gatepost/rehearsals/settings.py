"""What a policy says of rehearsals."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.policy import LOWER, Duration


@dataclass(frozen=True, slots=True)
class Rehearsing:
    """``[rehearsal]``: how long one push may take, and on a server whose migrations may be run there at all."""

    limit: Duration = field(default=Duration(300), metadata=LOWER)
    runners: tuple[str, ...] = field(default=(), metadata=LOWER)
    url_file: str = ""
