"""Print schemas: what the migrations produce, what staging runs, and how the two compare."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.errors import PASS, CannotJudge, UsageError
from gatepost.git import Change, Repository, failure, make_change
from gatepost.migrations import History
from gatepost.model import printable
from gatepost.paths import within
from gatepost.verbs import Verb

if TYPE_CHECKING:
    from gatepost.policy import Policy
    from gatepost.staging import Staging


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "what",
        choices=("dump", "diff"),
        help="dump: the schema that all migrations produce, or with --url a snapshot of what a server runs; "
        "diff: a snapshot against the migrations",
    )
    parser.add_argument(
        "revision", nargs="?", default="HEAD", metavar="REVISION", help="of which commit (default: HEAD)"
    )
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository, a bare one too (default: here)")
    parser.add_argument("--path", default="", metavar="DIR", help="only the migrations below this directory")
    parser.add_argument(
        "--format", default="text", choices=("text", "json"), help="text: SQL; a snapshot is always JSON"
    )
    parser.add_argument(
        "--url",
        metavar="URL",
        help="ask this server, by a role that only reads: env:NAME, file:PATH, or the URL itself",
    )
    parser.add_argument("--environment", default="staging", metavar="NAME", help="what to call it (default: staging)")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the snapshot there")
    parser.add_argument("--publish", action="store_true", help="keep the snapshot as a record on the server")
    parser.add_argument("--remote", default="origin", metavar="NAME", help="which server (default: origin)")
    parser.add_argument("--snapshot", metavar="FILE", help="diff: this snapshot, not the published one")
    parser.add_argument("--static", action="store_true", help="diff: by the model alone, without a scratch server")


def main(args: argparse.Namespace) -> int:
    """Do what is asked."""
    from gatepost.staging.store import NAME

    if not NAME.fullmatch(args.environment):
        raise UsageError(
            f"--environment {printable(args.environment, 60)}: cannot be a name", "letters, digits, . _ and -"
        )
    if args.what == "diff":
        return _diff(args)
    if args.url or args.publish:
        return _snapshot(args)
    return _produced(args)


def _produced(args: argparse.Namespace) -> int:
    """Print one schema for each history."""
    with Repository(args.repo, own=args.repo == ".") as repo:
        change, _, histories = _histories(repo, args)
        schemas = [_schema(change, history) for history in histories]
    _write(args, json.dumps(schemas, indent=2) + "\n" if args.format == "json" else _text(schemas))
    return PASS


def _histories(repo: Repository, args: argparse.Namespace) -> tuple[Change, Policy, list[History]]:
    from gatepost.gate import landed_policy
    from gatepost.migrations import collect
    from gatepost.policy import FILE

    change = make_change(repo, None, args.revision)
    own = repo.directory() / FILE
    policy = landed_policy(change.head, own if own.is_file() else None)
    path = args.path.strip("/")
    found = [history for history in collect(change, policy).histories if within(history.place.root, path)]
    if not found:
        raise UsageError("no migrations are there", "name their directory in gatepost.toml: [[migrations]]")
    return change, policy, found


def _schema(change: Change, history: History) -> dict[str, Any]:
    from gatepost.migrations._produced import FOLDER, replayed
    from gatepost.migrations._story import dialect_of
    from gatepost.sql.render import as_json, as_sql

    place = (history.place.framework, history.place.root, history.place.dialect)
    folder = change.repo.directory() / FOLDER
    schema = replayed(history.head, dialect_of(history), folder, str(place))
    return {"framework": place[0], "path": place[1], **as_json(schema), "sql": as_sql(schema)}


def _text(schemas: list[dict[str, Any]]) -> str:
    parts = [f"-- {one['framework']}, {printable(one['path'] or '.')}\n{one['sql']}" for one in schemas]
    return "\n".join(parts)


def _write(args: argparse.Namespace, text: str) -> None:
    if not args.output:
        sys.stdout.write(text)
        return
    try:
        Path(args.output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{printable(args.output)}: {error.strerror}") from None
    sys.stderr.write(f"wrote {printable(args.output)}\n")


def _snapshot(args: argparse.Namespace) -> int:
    """Take a snapshot of a running server; write it, or publish it."""
    from gatepost.staging import store

    staging = _taken(args)
    if args.output or not args.publish:
        _write(args, store.render(staging))
    if args.publish:
        with Repository(args.repo, own=args.repo == ".") as repo:
            sys.stderr.write(_published(repo, staging, args.remote) + "\n")
    return PASS


def _taken(args: argparse.Namespace) -> Staging:
    from gatepost.staging.take import address, take

    if not args.url:
        raise UsageError(
            "--publish needs --url: what is to be published?", "gatepost schema dump --url env:NAME --publish"
        )
    return take(address(args.url), args.environment)


def _published(repo: Repository, staging: Staging, remote: str) -> str:
    """Keep a snapshot on the server: here, where this is the server, else by a push."""
    from gatepost import records
    from gatepost.staging import store

    blob, ref = store.keep(repo, staging), store.ref(staging.environment)
    if repo.text("rev-parse", "--is-bare-repository") == "true":
        records.append(repo, blob, {"kind": store.KIND, **store.summary(staging), "by": "the operator"})
        return f"published {ref}: {len(staging.schema.tables)} tables of {staging.engine} {staging.version}"
    code, _, err = repo.attempt("push", "--quiet", remote, f"+{ref}:{ref}")
    if code:
        raise failure(err, f"push of the snapshot to {printable(remote, 60)}", "name the server: --remote")
    return f"published {ref} on {printable(remote, 60)}"


def _diff(args: argparse.Namespace) -> int:
    """Compare what staging runs with the migrations of a commit."""
    from gatepost.staging import Drift
    from gatepost.staging.report import as_text, report

    with Repository(args.repo, own=args.repo == ".") as repo:
        change, policy, histories = _histories(repo, args)
        settings = policy.get("drift", Drift)
        staging = _given(repo, args, settings)
        found = report(change, histories, staging, settings, static=args.static)
    _write(args, json.dumps(found, indent=2) + "\n" if args.format == "json" else as_text(found))
    return int(found["exit"])


def _given(repo: Repository, args: argparse.Namespace, settings: Any) -> Staging:
    from gatepost.staging import store

    if args.url:
        return _taken(args)
    if args.snapshot or settings.snapshot:
        name = args.snapshot or settings.snapshot
        try:
            return store.parse(Path(name).read_bytes(), name)
        except OSError as error:
            raise UsageError(f"{printable(name)}: {error.strerror}") from None
    name = store.ref(args.environment)
    if repo.resolve(f"refs/remotes/{args.remote}/HEAD") or args.remote in repo.text("remote").split():
        repo.attempt("fetch", "--quiet", args.remote, f"+{name}:{name}")
    found = store.published(repo, args.environment)
    if found is None:
        raise CannotJudge(
            f"no snapshot of {args.environment} is published",
            "gatepost schema dump --url env:NAME --publish, or --url env:NAME here",
        )
    return found


VERB = Verb("schema", "what the migrations produce, what staging runs, and how they compare", add_arguments, main)
