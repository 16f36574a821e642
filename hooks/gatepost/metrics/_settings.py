"""The tables of the policy that the watch reads."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.policy import Duration, Setting


@dataclass(frozen=True, slots=True)
class Verification:
    """``[verification]``: where the traffic is seen and how long it is watched after a deploy."""

    source: str = ""
    path: str = ""
    watch: Duration = Duration(600)
    poll: Duration = Duration(15)


SETTINGS = (Setting("verification", Verification),)
