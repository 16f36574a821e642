"""Tell the verdict: the record, a ref that ``git ls-remote`` shows, a webhook, a command; each once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatepost.git import Repository, environment
from gatepost.metrics._http import post
from gatepost.model import printable
from gatepost.records import append, read
from gatepost.watch import forges
from gatepost.watch.model import Watch
from gatepost.watch.store import Store

KIND = "verification"
REFS = "refs/gatepost/verification"
RULES = {"error-rate": "verify/error-rate", "latency": "verify/latency", "new-error": "verify/new-error"}
TRIES = 3
PATIENCE = 3600.0
TIMEOUT = 5.0
SHORT = 12


def rollback_hint(oid: str, repo: Repository | None = None, *, tip: str | None = None, good: str | None = None) -> str:
    """Give the command that undoes a deploy: its stored plan, where one is known, else a revert.

    A stored plan begins where the deploy left off: once the ref is at another ``tip``, the way back to ``good``, which
    ran before the deploy, has to be planned from there.
    """
    if repo is not None and read(repo, oid, "rollback-plan"):
        if good is not None and tip not in (None, oid):
            return f"gatepost rollback plan {good[:SHORT]}..HEAD"
        return f"gatepost rollback run {oid[:SHORT]}"
    return f"git revert {oid[:SHORT]}"


def message(watch: Watch, repo: Repository | None = None) -> dict[str, Any]:
    """Give what the record, the webhook and the command are told; ``rollback`` where it regressed."""
    verdict = dict(watch.verdict or {})
    word = str(verdict.get("verdict", ""))
    names = [str(name) for name in verdict.get("signals", ())]
    rules = [RULES[name] for name in names if name in RULES]
    if word not in ("pass", "warn", "regressed", "superseded"):
        rules.append("verify/inconclusive")
    tip = repo.resolve(watch.ref) if repo else None
    undo = {"rollback": rollback_hint(watch.oid, repo, tip=tip, good=watch.old)} if word == "regressed" else {}
    return {
        "kind": KIND,
        "watch": watch.id,
        "oid": watch.oid,
        "old": watch.old,
        "ref": watch.ref,
        "service": watch.service,
        "begun": watch.begun,
        "ended": watch.ended,
        **verdict,
        **undo,
        "rules": rules,
    }


def announced(watch: Watch) -> list[str]:
    """Give what the pusher is told: the watch's id, when it ends, and how to wait for the verdict."""
    length = f"watching for {watch.settings.watch:g} s"
    if watch.begun is None:
        begins = (
            f"gatepost deploy mark {watch.oid[:SHORT]}" if watch.settings.begin == "mark" else "the version is seen"
        )
        first = f"gatepost: watch {watch.id} waits for the deploy ({begins}), then {length}; to wait for the verdict:"
    else:
        end = time.strftime("%H:%M:%SZ", time.gmtime(watch.deadline))
        first = f"gatepost: deployed, {length} until {end} (watch {watch.id}); to wait for the verdict:"
    return [first, f"    gatepost status {watch.oid[:SHORT]} --wait"]


def everybody(git_dir: Path, store: Store, watch: Watch) -> bool:
    """Tell all channels that were not told yet; False where the record or the ref has to be tried once more.

    What can be told twice is marked after, what must not be, before.
    """
    with Repository(git_dir, client=False) as repo:
        told = message(watch, repo)
        kept = _again(store, watch, "record", lambda: _record(repo, watch, told))
        kept = _again(store, watch, "ref", lambda: show(repo, watch.oid, str(told.get("verdict")))) and kept
    settings = watch.settings
    if settings.webhook:
        body = json.dumps(told).encode()
        _again(store, watch, "webhook", lambda: post(settings.webhook, body, TIMEOUT))
    if settings.forge:
        _again(store, watch, "forge", lambda: forges.tell(watch, told))
    if settings.notify:
        _again(store, watch, "notify", lambda: _notify(watch, told))
    regressed = (watch.verdict or {}).get("verdict") == "regressed"
    if watch.settings.on_regressed and regressed and store.tell(watch, "command"):
        _run(git_dir, watch, told)
    return kept


def _again(store: Store, watch: Watch, channel: str, act: Callable[[], object]) -> bool:
    """Tell one channel; what fails is tried a few times and then left, so that the others are told."""
    if channel in watch.told:
        return True
    for left in reversed(range(TRIES)):
        try:
            act()
            store.tell(watch, channel)
            return True
        except Exception as error:  # noqa: BLE001 - what a channel raises must not keep the others from being told
            if not left:
                sys.stderr.write(f"{watch.id}: {channel}: {type(error).__name__}: {printable(str(error), 300)}\n")
    return False


def _record(repo: Repository, watch: Watch, told: dict[str, Any]) -> None:
    if any(record.get("watch") == watch.id for record in read(repo, watch.oid, KIND)):
        return
    append(repo, watch.oid, told, repo.resolve(watch.oid, "tree"))


def show(repo: Repository, oid: str, word: str) -> None:
    """Leave exactly one ref for a commit, ``refs/gatepost/verification/<oid>/<word>``."""
    prefix = f"{REFS}/{oid}"
    there = repo.text("for-each-ref", "--format=%(refname)", f"{prefix}/").split()
    commands = [f"delete {ref}\n" for ref in there if ref != f"{prefix}/{word}"]
    repo.run("update-ref", "--stdin", stdin="".join([*commands, f"update {prefix}/{word} {oid}\n"]).encode())


def _notify(watch: Watch, body: dict[str, Any]) -> None:
    """Tell the channels of apprise, the extra ``gatepost[notify]``."""
    try:
        import apprise  # type: ignore[import-not-found,unused-ignore]  # an extra
    except ModuleNotFoundError:
        raise OSError("verification.notify needs apprise: pip install 'gatepost[notify]'") from None
    channels = apprise.Apprise()
    for address in watch.settings.notify:
        channels.add(address)
    text = str(body.get("reason", "")) + (f"\nroll back: {body['rollback']}" if "rollback" in body else "")
    if not channels.notify(title=f"{watch.oid[:SHORT]} {body['verdict']}", body=text):
        raise OSError("a channel of verification.notify did not take it")


def _run(git_dir: Path, watch: Watch, told: dict[str, Any]) -> None:
    """Start the operator's command, once: the verdict and the rollback plan come on its standard input."""
    with Repository(git_dir, client=False) as repo:
        plans = read(repo, watch.oid, "rollback-plan")
    given = {"GATEPOST_OID": watch.oid, "GATEPOST_OLD": watch.old or "", "GATEPOST_REF": watch.ref}
    with tempfile.TemporaryFile() as stdin, Path(os.devnull).open("wb") as nothing:
        stdin.write(json.dumps(told | {"plan": plans[-1] if plans else None}).encode())
        stdin.seek(0)
        with suppress(OSError):
            process = subprocess.Popen(
                ["/bin/sh", "-c", watch.settings.on_regressed],
                stdin=stdin,
                stdout=nothing,
                stderr=None,
                cwd=git_dir,
                env=environment(own=False, client=False) | given,
                start_new_session=True,
            )
            process.returncode = 0  # it runs on without us
