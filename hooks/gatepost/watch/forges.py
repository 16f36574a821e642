"""Set the commit status that GitHub, GitLab and Gitea (or Forgejo) show beside a commit.

GitHub and Gitea: POST …/repos/OWNER/NAME/statuses/SHA with state (error, failure, success), context, description in
JSON; 140 characters of description at most. GitLab: POST …/projects/ID/statuses/SHA, ID being the encoded path; its
states are success, failed and canceled, and ``ref`` says which branch's pipeline shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from gatepost.metrics import SourceError, Verification
from gatepost.metrics._http import post
from gatepost.watch.model import Watch

CONTEXT = "gatepost/verification"
LENGTH = 140
BRANCH = "refs/heads/"
API = {"github": "https://api.github.com", "gitlab": "https://gitlab.com", "gitea": ""}
STATES = {"pass": "success", "warn": "success", "regressed": "failure"}


def tell(watch: Watch, message: Mapping[str, Any]) -> None:
    """Set the status of the watched commit. SourceError where the forge does not take it."""
    settings = watch.settings
    address, body, headers = request(settings, watch.oid, message, _token(settings))
    post(address, json.dumps(body).encode(), settings.timeout, headers)


def request(
    settings: Verification, oid: str, message: Mapping[str, Any], token: str
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Give address, body and headers of the call; SourceError where ``forge`` is none of those known."""
    if settings.forge not in API:
        raise SourceError(f"verification.forge: {settings.forge!r} is not one of {', '.join(sorted(API))}")
    base = (settings.forge_url or API[settings.forge]).rstrip("/")
    state = STATES.get(str(message.get("verdict")), "error")
    text = f"{message.get('verdict')}: {message.get('reason', '')}"[:LENGTH]
    if settings.forge == "gitlab":
        project = quote(settings.forge_repository, safe="")
        state = {"failure": "failed", "error": "canceled"}.get(state, state)
        fields = {"state": state, "name": CONTEXT, "description": text}
        ref = str(message.get("ref", ""))
        if ref.startswith(BRANCH):
            fields["ref"] = ref.removeprefix(BRANCH)
        query = urlencode(fields)
        return f"{base}/api/v4/projects/{project}/statuses/{oid}?{query}", {}, {"PRIVATE-TOKEN": token}
    path = f"{base}{'/api/v1' if settings.forge == 'gitea' else ''}/repos/{settings.forge_repository}/statuses/{oid}"
    word = "token" if settings.forge == "gitea" else "Bearer"
    return (
        path,
        {"state": state, "context": CONTEXT, "description": text},
        {"Authorization": f"{word} {token}", "Accept": "application/json"},
    )


def _token(settings: Verification) -> str:
    try:
        return Path(settings.forge_token_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SourceError(f"verification.forge_token_file: {error.strerror}", "name a file with a token") from None
