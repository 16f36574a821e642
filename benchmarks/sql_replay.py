"""Judge the downs of real histories by the model, and compare with answers that were worked out on databases.

    python benchmarks/sql_replay.py FOLDER     FOLDER/owner+name/repo are git directories of the repositories

``sql_answers.json`` holds repository, commit, and which downs are wrong: each migration (or, where ``group`` says so,
each run of migrations whose versions share so many digits, which is one change) was run up and down on PostgreSQL 15 or
SQLite 3.40, and the catalogue before was compared with the catalogue afterwards.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

from gatepost.git import Repository, make_change
from gatepost.migrations import History, Migration, collect
from gatepost.migrations._story import operations
from gatepost.policy import Policy
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema
from gatepost.sql.undo import Piece, judge

ANSWERS = Path(__file__).with_name("sql_answers.json")


def main(folder: Path) -> None:
    total = [0, 0, 0, 0, 0]
    for answer in json.loads(ANSWERS.read_text()):
        git = folder / answer["repository"].replace("/", "+") / "repo"
        with Repository(git) as repo:
            change = make_change(repo, None, answer["commit"])
            kept = {path: what for path, what in change.paths.items() if path.startswith(answer["path"] + "/")}
            object.__setattr__(change, "paths", kept)
            places = collect(change, Policy()).histories
            history = max((h for h in places if h.place.dialect == answer["dialect"]), key=lambda h: len(h.head))
            counts = compare(history, answer)
        total = [one + other for one, other in zip(total, counts, strict=True)]
    wrong, errors, notes, right, false = total
    print(f"together: {wrong} wrong downs, {errors} found ({errors / wrong:.0%}), {notes} more as notes; ", end="")
    print(f"{right} right ones, {false} false alarms ({false / right:.1%})")


def compare(history: History, answer: dict[str, Any]) -> list[int]:
    state, counts = Schema(answer["dialect"]), [0, 0, 0, 0, 0]
    digits, root = answer["group"], answer["path"] + "/"
    for _, run in itertools.groupby(history.head, key=lambda m: m.version[:digits] if digits else m.path):
        group = list(run)
        pieces = [piece(migration, answer["dialect"]) for migration in group]
        name = group[0].path.removeprefix(root)
        if any(one.usable for one in pieces) and name not in answer["not_run"]:
            said = judge(pieces, state)
            loud = [remark for remark in said if remark.word == "wrong" and not remark.small]
            quiet = [remark for remark in said if remark.word == "wrong" and remark.small]
            if name in answer["wrong"]:
                counts[0] += 1
                counts[1] += bool(loud)
                counts[2] += not loud and bool(quiet)
                if not loud:
                    print(f"  not found: {name}: {answer['wrong'][name]}")
            else:
                counts[3] += 1
                counts[4] += bool(loud)
                if loud:
                    print(f"  false alarm: {name}: {loud[0].text}")
        for one in pieces:
            replay(state, one.up)
        state.problems.clear()
    where = f"{answer['repository']} {answer['path']} {answer['dialect']}"
    print(
        f"{where}: wrong {counts[0]}, found {counts[1]}, noted {counts[2]}; right {counts[3]}, false alarms {counts[4]}"
    )
    return counts


def piece(migration: Migration, dialect: str) -> Piece:
    down = migration.down if migration.down and migration.down.state == "ok" and migration.up.steps else None
    steps = operations(down, dialect) if down else ()
    return Piece(
        migration.path, operations(migration.up, dialect), steps, down is not None, bool(down and down.transaction)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
