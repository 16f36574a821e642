"""Turn Django's model fields into columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gatepost.migrations import MYSQL, POSTGRESQL, _types
from gatepost.migrations._python import UNKNOWN
from gatepost.sql import operations as ops

# What Django calls a field, with what each database calls the column (django/db/backends/*/base.py, 5.2).
_TYPES: dict[str, tuple[str, str, str]] = {
    "AutoField": ("integer", "int", "integer"),
    "BigAutoField": ("bigint", "bigint", "integer"),
    "SmallAutoField": ("smallint", "smallint", "integer"),
    "BinaryField": ("bytea", "longblob", "blob"),
    "BooleanField": ("boolean", "tinyint(1)", "bool"),
    "NullBooleanField": ("boolean", "tinyint(1)", "bool"),
    "CharField": ("varchar({max_length})",) * 3,
    "EmailField": ("varchar({max_length})",) * 3,
    "URLField": ("varchar({max_length})",) * 3,
    "SlugField": ("varchar({max_length})",) * 3,
    "FileField": ("varchar({max_length})",) * 3,
    "ImageField": ("varchar({max_length})",) * 3,
    "FilePathField": ("varchar({max_length})",) * 3,
    "DateField": ("date", "date", "date"),
    "DateTimeField": ("timestamptz", "datetime(6)", "datetime"),
    "DecimalField": ("numeric({max_digits},{decimal_places})", "decimal({max_digits},{decimal_places})", "decimal"),
    "DurationField": ("interval", "bigint", "bigint"),
    "FloatField": ("double precision", "double", "real"),
    "IntegerField": ("integer", "int", "integer"),
    "BigIntegerField": ("bigint", "bigint", "bigint"),
    "SmallIntegerField": ("smallint", "smallint", "smallint"),
    "PositiveIntegerField": ("integer", "int unsigned", "integer unsigned"),
    "PositiveBigIntegerField": ("bigint", "bigint unsigned", "bigint unsigned"),
    "PositiveSmallIntegerField": ("smallint", "smallint unsigned", "smallint unsigned"),
    "GenericIPAddressField": ("inet", "char(39)", "char(39)"),
    "JSONField": ("jsonb", "json", "text"),
    "TextField": ("text", "longtext", "text"),
    "TimeField": ("time", "time(6)", "time"),
    "UUIDField": ("uuid", "char(32)", "char(32)"),
    "HStoreField": ("hstore", "", ""),
    "CITextField": ("citext", "", ""),
    "CICharField": ("citext", "", ""),
}
_LENGTHS = {
    "EmailField": 254,
    "URLField": 200,
    "SlugField": 50,
    "FileField": 100,
    "ImageField": 100,
    "FilePathField": 100,
}
_AUTO = ("AutoField", "BigAutoField", "SmallAutoField")
_EMPTY_TEXT = (
    "CharField",
    "TextField",
    "EmailField",
    "URLField",
    "SlugField",
    "FileField",
    "ImageField",
    "FilePathField",
)
RELATIONS = ("ForeignKey", "OneToOneField")
MANY = "ManyToManyField"


@dataclass(frozen=True, slots=True)
class Field:
    """A field as a migration defines it: the class's last name and what it was given."""

    kind: str
    words: dict[str, Any] = field(default_factory=dict)
    to: str = ""
    base: Field | None = None

    def true(self, word: str, default: bool = False) -> bool | None:
        """Give a keyword that is True or False; None where it is computed."""
        value = self.words.get(word, default)
        return value if isinstance(value, bool) else None


def column_name(name: str, made: Field) -> str:
    """Give the column of a field."""
    given = made.words.get("db_column")
    if isinstance(given, str):
        return given
    return name + "_id" if made.kind in RELATIONS else name


def column(name: str, made: Field, dialect: str, target_type: str = "") -> ops.Column:
    """Give the column of a field; ``target_type`` is that of the key which a relation points to."""
    primary = made.true("primary_key") is True
    null = made.true("null")
    typed = target_type if made.kind in RELATIONS else _type(made, dialect)
    identity = None
    if made.kind in _AUTO:
        identity = {POSTGRESQL: "by default", MYSQL: "auto_increment"}.get(dialect)
    generated = None
    if made.kind == "GeneratedField":
        typed, generated = "", "" + (" stored" if made.true("db_persist") else " virtual")
    return ops.Column(
        column_name(name, made),
        typed,
        False if primary else null,
        database_default(made, dialect),
        generated=generated,
        identity=identity,
        collation=_text(made.words.get("db_collation")),
    )


def _type(made: Field, dialect: str) -> str:
    if made.kind == "ArrayField" and made.base:
        inner = _type(made.base, dialect)
        return inner + "[]" if inner else ""
    known = _TYPES.get(made.kind)
    if known is None:
        return ""
    template = known[{POSTGRESQL: 0, MYSQL: 1}.get(dialect, 2)]
    values = {"max_length": _LENGTHS.get(made.kind), **made.words}
    if made.kind == "CharField" and values.get("max_length") is None:
        template = template.replace("({max_length})", "")
    for key in ("max_length", "max_digits", "decimal_places"):
        if "{" + key + "}" in template and not isinstance(values.get(key), int):
            return ""
        template = template.replace("{" + key + "}", str(values.get(key)))
    return _types.canonical(template, dialect) if template else ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def database_default(made: Field, dialect: str) -> str | None:
    """Give the default that the database keeps: ``db_default`` only."""
    value = made.words.get("db_default")
    return None if value is None else literal(value, dialect)


def literal(value: Any, dialect: str) -> str | None:
    """Write a value as the database would."""
    if value is UNKNOWN:
        return "'?'"
    if isinstance(value, bool):
        return ("true" if value else "false") if dialect == POSTGRESQL else str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    return _types.default("'" + str(value).replace("'", "''") + "'", dialect)


def passing_default(made: Field, dialect: str) -> str | None:
    """Give the default with which Django adds a column and which it takes away at once, or None."""
    if made.kind == "GeneratedField" or "db_default" in made.words:
        return None
    if "default" in made.words:
        value = made.words["default"]
        return None if value is None else literal(value, dialect)
    if made.true("auto_now") or made.true("auto_now_add"):
        return "now()" if dialect == POSTGRESQL else "'?'"
    if made.true("null") is False and made.true("blank") and made.kind in _EMPTY_TEXT:
        return "''"
    return None


def beside(name: str, made: Field, target: tuple[str, str] | None) -> tuple[ops.Constraint, ...]:
    """Give the constraints that come with a column."""
    found: list[ops.Constraint] = []
    own = column_name(name, made)
    if (made.true("unique") or made.kind == "OneToOneField") and not made.true("primary_key"):
        found.append(ops.Constraint("unique", (own,)))
    if made.kind in RELATIONS and target and made.true("db_constraint", default=True):
        table, key = target
        # Django 5 creates foreign keys in PostgreSQL as DEFERRABLE INITIALLY DEFERRED; validated at once.
        found.append(ops.Constraint("foreign key", (own,), target=table, target_columns=(key,) if key else ()))
    return tuple(found)


def indexed(made: Field) -> bool:
    """Tell whether Django makes an index of its own for a field."""
    if made.true("unique") or made.true("primary_key") or made.kind == "OneToOneField":
        return False
    return made.true("db_index", default=made.kind == "ForeignKey") is True
