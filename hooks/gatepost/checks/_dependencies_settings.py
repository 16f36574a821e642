"""The tables of the policy that the dependency check reads."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatepost.policy import LOWER

IGNORED = ("**/node_modules/**", "**/vendor/**")


@dataclass(frozen=True, slots=True)
class Dependencies:
    """``[dependencies]``: listed hosts, paths that hold no real lock, directories that ship dev packages."""

    hosts: tuple[str, ...] = field(default=(), metadata=LOWER)
    ignore: tuple[str, ...] = field(default=IGNORED, metadata=LOWER)
    assume_prod: tuple[str, ...] = ()
