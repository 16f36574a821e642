"""What the migrations check can say of downs and of the history."""

from __future__ import annotations

from gatepost.model import Rule

MISSING_DOWN = Rule(
    "migration/missing-down",
    "error",
    """A migration has no way back.

    Why: when the deploy has to be undone the schema stays where it is. Several tools (golang-migrate,
    goose, dbmate, Rails, yoyo) move the version back all the same and exit with 0, so that the next
    deploy fails on what is still there.

    Instead: write the down that the finding names, or declare that there is none with
    `-- gatepost: irreversible reason="…" strategy="forward-fix|restore|expand-contract"`.

    Fine when: the migration is declared irreversible, or the framework has no downs and the policy does
    not ask for them.""",
)
EMPTY_DOWN = Rule(
    "migration/empty-down",
    "error",
    """The down of a migration is there and runs nothing: no content, only comments, `pass`, an empty body.

    Why: rolling back succeeds, moves the version and leaves the schema as it was.

    Instead: undo what the up does, in reverse, or declare the migration irreversible.

    Fine when: the up runs nothing either, or it changes rows only and the down says so with an explicit
    `SELECT 1` or the framework's own no-op.""",
)
NOOP_DOWN = Rule(
    "migration/noop-down",
    "error",
    """The down of a migration runs something that undoes nothing: `SELECT 1`, `noop`, dropping what is gone.

    Why: it passes every check for "has a down" and still leaves the schema as it was.

    Instead: undo what the up does, in reverse, or declare the migration irreversible.

    Fine when: the up changes rows only, and they may stay.""",
)
RAISING_DOWN = Rule(
    "migration/raising-down",
    "error",
    """The down of a migration always fails.

    Why: a rollback stops at this migration, and everything below it stays out of reach.

    Instead: undo what the up does; where that cannot be, declare it with a reason and a strategy, so that
    the rollback plan knows: `gatepost: irreversible reason="…" strategy="restore"`.

    Fine when: never without a declared reason.""",
)
IRREVERSIBLE = Rule(
    "migration/irreversible",
    "warning",
    """A migration is declared to have no way back.

    Why: a deploy that holds it cannot be rolled back by the migration tool; the plan has to say what is
    done instead, and someone has to agree.

    Instead: name a reason and a strategy (`forward-fix`, `restore` or `expand-contract`) in the marker.

    Fine when: someone has reviewed it: approve the review.""",
)
EDITED = Rule(
    "migration/edited",
    "error",
    """A migration that the base already has was changed.

    Why: databases that have run it do not run it again: they and new ones differ from now on, and tools
    that keep checksums (Flyway, Liquibase, sqlx, Prisma, Atlas) refuse to start.

    Instead: take the edit back and write a new migration.

    Fine when: it has run nowhere yet; or only its down, its comments or white space were changed (then
    the finding is a warning or a note).""",
)
REMOVED = Rule(
    "migration/removed",
    "error",
    """A migration that the base has is gone.

    Why: databases that have run it can no longer be rolled back past it, and most tools refuse a version
    that they do not know.

    Instead: put it back; undo what it did in a new migration.

    Fine when: old migrations are squashed into a baseline that every database has passed.""",
)
OUT_OF_ORDER = Rule(
    "migration/out-of-order",
    "error",
    """A new migration stands below the newest of the base, shares its version, makes a second head, or is of tomorrow.

    Why: databases that are past that version skip it silently (golang-migrate), refuse it (goose, Flyway) or
    run it in an order that nobody has tested; two heads make Alembic and Django stop.
    A version that is a time to come puts all that is written until then below it (a warning).

    Instead: give it a version above the newest, or merge the heads.

    Fine when: the tool runs late migrations and the order does not matter; there the finding is a note.""",
)
NOT_ANALYSED = Rule(
    "migration/not-analysed",
    "warning",
    """A migration, or a part of it, could not be read.

    Why: what is not read is not judged, and nothing that gatepost says of this migration is complete.

    Instead: mend the file, or install what the finding names; else look at it yourself and rehearse it.

    Fine when: a person has read it, or the rehearsal runs it: approve the review.""",
)
WRONG_DOWN = Rule(
    "migration/wrong-down",
    "error",
    """A down runs and does not give back the schema that was there before its up, or it fails.

    Why: after a rollback the old code meets a schema that it has never run on, and the next deploy's up fails on
    what is left over. The ups and downs of the whole change are followed together, the downs in reverse.

    Instead: mend what the finding names, object by object. What an up drops along with a column (indexes, keys,
    defaults, NOT NULL) has to be made again by the down.

    Fine when: what differs is meant; then suppress it with a reason. Differences that no query sees (the name of
    a constraint, a comment, an extension that stays) are notes.""",
)
LOSSY_DOWN = Rule(
    "migration/lossy-down",
    "warning",
    """A down gives the schema back, and values that were there before the up cannot come back.

    Why: a rollback that ends with empty columns and tables looks like one that worked.

    Instead: copy the values aside in the up and read them in the down, or drop in a later deploy; else declare the
    migration irreversible with `strategy="restore"`, so that the rollback plan takes a backup first.

    Fine when: nobody needs the values: approve the review.""",
)
DATA_DEPENDENT_DOWN = Rule(
    "migration/data-dependent-down",
    "warning",
    """A down works on an empty database and can fail as soon as there are rows that the up allows.

    Why: it is tested on empty tables and needed on full ones: SET NOT NULL meets NULLs, UNIQUE meets duplicates,
    a narrower type meets values that do not fit.

    Instead: fill, convert or delete such rows first, in the same down.

    Fine when: the code that runs between up and down never writes such rows: say so in a suppression.""",
)
RULES = (
    WRONG_DOWN,
    LOSSY_DOWN,
    DATA_DEPENDENT_DOWN,
    MISSING_DOWN,
    EMPTY_DOWN,
    NOOP_DOWN,
    RAISING_DOWN,
    IRREVERSIBLE,
    EDITED,
    REMOVED,
    OUT_OF_ORDER,
    NOT_ANALYSED,
)
