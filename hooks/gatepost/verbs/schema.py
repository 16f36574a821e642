"""Print the schema that the migrations of a revision produce."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from gatepost.errors import UsageError
from gatepost.git import Change, Repository, make_change
from gatepost.migrations import History
from gatepost.model import printable
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "what", choices=("dump",), help="dump: the schema that all migrations produce, one after the other"
    )
    parser.add_argument(
        "revision", nargs="?", default="HEAD", metavar="REVISION", help="of which commit (default: HEAD)"
    )
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository, a bare one too (default: here)")
    parser.add_argument("--path", default="", metavar="DIR", help="only the migrations below this directory")
    parser.add_argument("--format", default="text", choices=("text", "json"), help="text is SQL")


def main(args: argparse.Namespace) -> int:
    """Print one schema for each history."""
    from gatepost.gate import read_policy
    from gatepost.migrations import collect

    with Repository(args.repo, own=args.repo == ".") as repo:
        change = make_change(repo, None, args.revision)
        policy, _ = read_policy(change)
        found = [history for history in collect(change, policy).histories if _below(history.place.root, args.path)]
        if not found:
            raise UsageError("no migrations are there", "name their directory in gatepost.toml: [[migrations]]")
        schemas = [_schema(change, history) for history in found]
    sys.stdout.write(json.dumps(schemas, indent=2) + "\n" if args.format == "json" else _text(schemas))
    return 0


def _below(root: str, path: str) -> bool:
    path = path.strip("/")
    return not path or root == path or root.startswith(path + "/")


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


VERB = Verb("schema", "the schema that the migrations produce", add_arguments, main)
