"""What a policy can say about tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.policy import LOWER, Size


@dataclass(frozen=True, slots=True)
class Tests:
    """``[tests]``: what is left out, and how much is read."""

    exclude: tuple[str, ...] = field(default=(), metadata=LOWER)
    max_file: Size = field(default=Size(1024 * 1024), metadata=LOWER)
    max_differing: Size = field(default=Size(256 * 1024), metadata=LOWER)
    max_push: Size = field(default=Size(3 * 1024 * 1024), metadata=LOWER)
