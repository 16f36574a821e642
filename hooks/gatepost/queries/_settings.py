"""``[queries]`` of the policy."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.policy import HIGHER


@dataclass(frozen=True, slots=True)
class Queries:
    """``[queries]``: where known queries are looked for."""

    ignore: tuple[str, ...] = field(default=(), metadata={"tighter": "lower"})
    digests: tuple[str, ...] = ()
    top: int = field(default=1000, metadata=HIGHER)
    deployed: tuple[str, ...] = ("refs/deployed/production", "refs/deployed/prod")
