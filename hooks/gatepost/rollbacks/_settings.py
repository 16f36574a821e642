"""The table ``[rollback]`` of the policy: which deploys need a plan, and what gatepost cannot know by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gatepost.policy import Duration

Kind = Literal["migrations", "dependencies", "bundle", "paths", "author"]


@dataclass(frozen=True, slots=True)
class Rollback:
    """``[rollback]``: the commands are shown to whoever runs the plan, and run by nobody else."""

    require: tuple[Kind, ...] = ("migrations",)
    paths: tuple[str, ...] = ()
    owner: str = ""
    approve: str = ""
    decide_within: Duration = Duration(600)
    redeploy: str = ""
    undo: str = ""
    schema: Literal["keep", "undo"] = "keep"
    health: str = ""
    backup: str = ""
    database: str = "DATABASE_URL"
    timeout: Duration = Duration(900)
