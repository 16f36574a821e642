"""The table ``[verification]`` of the policy: where traffic is seen, how it is watched, who is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gatepost.policy import HIGHER, LOWER, Duration


@dataclass(frozen=True, slots=True)
class Verification:
    """``[verification]``: where the traffic is seen and how long it is watched after a deploy.

    ``OUTWARD`` names what acts outside the repository: it is taken from the server's own ``gatepost.toml`` only,
    never from a tree that somebody pushed. The same for ``WITH_TOKEN`` where the server has a token for the source.
    """

    source: str = ""
    path: str = ""
    watch: Duration = field(default=Duration(600), metadata=HIGHER)
    poll: Duration = field(default=Duration(15), metadata=LOWER)
    settle: Duration = Duration(0)
    baseline: Duration = Duration(3600)
    extend: Duration = Duration(7200)
    requests: int = 1000
    service: str = ""
    begin: Literal["push", "mark", "version", "label"] = "push"
    version_url: str = ""
    version_label: str = "version"
    version_metric: str = ""
    wait_for_deploy: Duration = Duration(1800)
    pattern: str = ""
    unit: str = ""
    url: str = ""
    selector: str = ""
    requests_metric: str = ""
    duration_metric: str = ""
    status_label: str = ""
    route_label: str = ""
    scrape: Duration = Duration(15)
    token_file: str = ""
    tenant: str = ""
    timeout: Duration = Duration(5)
    command: tuple[str, ...] = ()
    on_regressed: str = ""
    webhook: str = ""
    notify: tuple[str, ...] = ()
    forge: str = ""
    forge_url: str = ""
    forge_repository: str = ""
    forge_token_file: str = ""
    queue: Literal["sqlite", "postgresql"] = "sqlite"
    queue_name: str = ""
    queue_url_file: str = ""
    refuse_after_regression: bool = field(default=False, metadata=HIGHER)


OUTWARD = (
    "queue",
    "queue_name",
    "queue_url_file",
    "command",
    "on_regressed",
    "webhook",
    "notify",
    "token_file",
    "forge",
    "forge_url",
    "forge_repository",
    "forge_token_file",
    "pattern",  # a regular expression may take for ever
)
WITH_TOKEN = ("url", "tenant")
