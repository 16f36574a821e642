"""Turn SQLAlchemy's columns, types and constraints into neutral ones."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from gatepost.migrations import MYSQL, POSTGRESQL, _types
from gatepost.migrations._python import name
from gatepost.migrations._values import Scope
from gatepost.sql import operations as ops

# The names that SQLAlchemy gives to types, with what each database calls them.
_TYPES: dict[str, tuple[str, str, str]] = {
    "Integer": ("integer", "int", "integer"),
    "INTEGER": ("integer", "int", "integer"),
    "SmallInteger": ("smallint", "smallint", "smallint"),
    "BigInteger": ("bigint", "bigint", "bigint"),
    "Boolean": ("boolean", "tinyint(1)", "boolean"),
    "BOOLEAN": ("boolean", "tinyint(1)", "boolean"),
    "String": ("varchar", "varchar", "varchar"),
    "Unicode": ("varchar", "varchar", "varchar"),
    "AutoString": ("varchar", "varchar", "varchar"),
    "Text": ("text", "text", "text"),
    "UnicodeText": ("text", "text", "text"),
    "DateTime": ("timestamp", "datetime", "datetime"),
    "Date": ("date", "date", "date"),
    "Time": ("time", "time", "time"),
    "Interval": ("interval", "datetime", "datetime"),
    "Float": ("double precision", "float", "float"),
    "Double": ("double precision", "double", "double"),
    "Numeric": ("numeric", "decimal", "numeric"),
    "LargeBinary": ("bytea", "blob", "blob"),
    "JSON": ("json", "json", "json"),
    "Uuid": ("uuid", "char(32)", "char(32)"),
    "UUID": ("uuid", "char(32)", "char(32)"),
    "TIMESTAMP": ("timestamp", "timestamp", "timestamp"),
    "DOUBLE_PRECISION": ("double precision", "double", "double precision"),
}
_PLAIN = frozenset(
    """JSONB BYTEA INET CIDR MACADDR TSVECTOR HSTORE MONEY OID REGCLASS INT4RANGE INT8RANGE NUMRANGE TSRANGE TSTZRANGE
    DATERANGE CITEXT VARCHAR CHAR NVARCHAR NCHAR TEXT DATE TIME DATETIME DECIMAL NUMERIC FLOAT REAL BIGINT SMALLINT
    BLOB BINARY VARBINARY BIT TINYINT MEDIUMINT LONGTEXT MEDIUMTEXT TINYTEXT LONGBLOB MEDIUMBLOB TINYBLOB YEAR
    DOUBLE""".split()  # noqa: SIM905 - a list of words is read more easily
)
_ENUMS = ("Enum", "ENUM")


@dataclass(slots=True)
class Typed:
    """A type, and the enum type that a table with such a column brings along."""

    text: str = ""
    enum: ops.CreateObject | None = None


@dataclass(slots=True)
class Defined:
    """A column with what stands beside it."""

    column: ops.Column
    constraints: list[ops.Constraint] = field(default_factory=list)
    index: bool = False
    primary: bool = False
    autoincrement: bool | None = None
    enum: ops.CreateObject | None = None


class Reader:
    """Reads expressions of one dialect in one scope."""

    def __init__(self, scope: Scope, dialect: str) -> None:
        self.scope = scope
        self.dialect = dialect

    def words(self, call: ast.Call) -> dict[str, ast.expr]:
        """Give the keyword arguments."""
        return {word.arg: word.value for word in call.keywords if word.arg}

    def text(self, node: ast.expr | None) -> str | None:
        """Give a value that is a string, or None."""
        value = self.scope.value(node) if node is not None else None
        return value if isinstance(value, str) else None

    def strings(self, node: ast.expr | None) -> tuple[str, ...] | None:
        """Give a list of strings, or of expressions as text; None where it is not known."""
        node = self.scope.expression(node) if node is not None else None
        if isinstance(node, (ast.List, ast.Tuple)):
            found = [self.text(item) for item in node.elts]
            return None if None in found else tuple(one for one in found if one is not None)
        value = self.scope.value(node)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        return (value,) if isinstance(value, str) else None

    def type(self, node: ast.expr | None) -> Typed:
        """Give the type that an expression names."""
        node = self.scope.expression(node) if node is not None else None
        if node is None:
            return Typed()
        call = node if isinstance(node, ast.Call) else None
        named = name(call.func if call else node).rpartition(".")[2]
        if named in _ENUMS and call:
            return self._enum(call)
        if call and isinstance(call.func, ast.Attribute) and call.func.attr == "with_variant":
            return self.type(call.func.value)
        if named == "ARRAY" and call and call.args:
            inner = self.type(call.args[0])
            return Typed(inner.text + "[]" if inner.text else "", inner.enum)
        if named in ("TIMESTAMP", "DateTime") and call and self._zoned(call):
            return Typed("timestamptz" if self.dialect == POSTGRESQL else self._named("DateTime"))
        text = self._named(named)
        return Typed(_types.canonical(text + self._size(call), self.dialect) if text else "")

    def _named(self, named: str) -> str:
        if named in _TYPES:
            postgresql, mysql, sqlite = _TYPES[named]
            return {POSTGRESQL: postgresql, MYSQL: mysql}.get(self.dialect, sqlite)
        return named.lower() if named in _PLAIN else ""

    def _zoned(self, call: ast.Call) -> bool:
        node = self.words(call).get("timezone", call.args[0] if call.args else None)
        return self.scope.value(node) is True

    def _size(self, call: ast.Call | None) -> str:
        if call is None:
            return ""
        words = self.words(call)
        nodes = [*call.args[:2], *(words[key] for key in ("length", "precision", "scale") if key in words)]
        numbers = [value for node in nodes if type(value := self.scope.value(node)) is int]
        named = name(call.func).rpartition(".")[2]
        if not numbers or named in ("Integer", "Float", "DateTime", "Text", "Boolean", "LargeBinary"):
            return ""
        return f"({','.join(str(number) for number in numbers)})"

    def _enum(self, call: ast.Call) -> Typed:
        words = self.words(call)
        values = tuple(value for node in call.args if isinstance(value := self.scope.value(node), str))
        named = self.text(words.get("name"))
        if self.scope.value(words.get("native_enum")) is False:
            longest = max((len(value) for value in values), default=0)
            return Typed(f"varchar({longest})")
        if self.dialect == MYSQL:
            return Typed("enum(" + ",".join(f"'{value}'" for value in values) + ")")
        if self.dialect != POSTGRESQL:
            return Typed(f"varchar({max((len(value) for value in values), default=0)})")
        if named is None:
            return Typed()
        created = self.scope.value(words.get("create_type")) is not False and bool(values)
        enum = ops.CreateObject("enum", named, values=values, if_not_exists=True, line=call.lineno) if created else None
        return Typed(named, enum)

    def default(self, node: ast.expr | None) -> str | None:
        """Give a server default as an expression, or None where there is none."""
        node = self.scope.expression(node) if node is not None else None
        text = None if node is None else self._default(node)
        return _types.default(text, self.dialect) if text else text

    def _default(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Call):
            called = name(node.func)
            last = called.rpartition(".")[2]
            if last == "text":
                return self.text(node) or ""
            if ".func." in f".{called}":
                return "CURRENT_TIMESTAMP" if last == "now" else f"{last}()"
            if last in ("true", "false"):
                return last
        value = self.scope.value(node)
        if value is None or value is False:
            return None
        if isinstance(value, str):
            return "'" + value.replace("'", "''") + "'"
        return str(value) if isinstance(value, (int, float)) else ""

    def column(self, node: ast.expr) -> Defined | None:
        """Give the column that ``Column(…)`` defines, or None where its name is not known."""
        node = self.scope.expression(node)
        if not isinstance(node, ast.Call) or name(node.func).rpartition(".")[2] != "Column":
            return None
        words = self.words(node)
        named = self.text(node.args[0]) if node.args else self.text(words.get("name"))
        if named is None:
            return None
        typed = self.type(node.args[1] if len(node.args) > 1 else words.get("type_"))
        primary = self.scope.value(words.get("primary_key")) is True
        nullable = self.scope.value(words["nullable"]) if "nullable" in words else not primary
        column = ops.Column(
            named,
            typed.text,
            nullable if isinstance(nullable, bool) else None,
            self.default(words.get("server_default")),
        )
        made = Defined(column, primary=primary, enum=typed.enum, index=self.scope.value(words.get("index")) is True)
        auto = self.scope.value(words.get("autoincrement"))
        made.autoincrement = auto if isinstance(auto, bool) else None
        if self.scope.value(words.get("unique")) is True and not made.index:
            made.constraints.append(ops.Constraint("unique", (named,)))
        for part in node.args[1:]:
            self._beside(part, made)
        return made

    def _beside(self, part: ast.expr, made: Defined) -> None:
        part = self.scope.expression(part)
        called = name(part.func).rpartition(".")[2] if isinstance(part, ast.Call) else ""
        if not isinstance(part, ast.Call):
            return
        if called == "ForeignKey":
            constraint = self.foreign_key(part, (made.column.name,))
            if constraint:
                made.constraints.append(constraint)
        elif called == "Identity":
            always = self.scope.value(self.words(part).get("always")) is True
            made.column = replace(made.column, identity="always" if always else "by default")
        elif called == "Computed":
            stored = self.scope.value(self.words(part).get("persisted")) is not False
            text = self.text(part.args[0]) if part.args else None
            made.column = replace(made.column, generated=f"{text or ''} {'stored' if stored else 'virtual'}")
        elif called == "CheckConstraint":
            constraint = self.constraint(part)
            if constraint:
                made.constraints.append(constraint)

    def foreign_key(self, call: ast.Call, columns: tuple[str, ...]) -> ops.Constraint | None:
        """Give the constraint of ``ForeignKey("t.c")``."""
        target = self.text(call.args[0]) if call.args else None
        if target is None or "." not in target:
            return None
        table, _, column = target.rpartition(".")
        return ops.Constraint(
            "foreign key",
            columns,
            self.text(self.words(call).get("name")),
            target=local(table),
            target_columns=(column,),
            on_delete=self._action(call, "ondelete"),
            on_update=self._action(call, "onupdate"),
        )

    def _action(self, call: ast.Call, word: str) -> str:
        return (self.text(self.words(call).get(word)) or "").lower()

    def constraint(self, call: ast.Call) -> ops.Constraint | None:
        """Give the table constraint that a call defines, or None where it is none."""
        called = name(call.func).rpartition(".")[2]
        named = self.text(self.words(call).get("name"))
        if called in ("PrimaryKeyConstraint", "UniqueConstraint"):
            columns = [self.text(node) for node in call.args]
            if None in columns:
                return None
            kind: ops.ConstraintKind = "primary key" if called.startswith("Primary") else "unique"
            return ops.Constraint(kind, tuple(one for one in columns if one), named)
        if called == "CheckConstraint":
            sql = self.scope.sql(call.args[0]) if call.args else None
            return ops.Constraint("check", (), named, _types.expression(sql.text, self.dialect) if sql else "")
        if called == "ForeignKeyConstraint" and len(call.args) > 1:
            return self._foreign_key_constraint(call, named)
        return None

    def _foreign_key_constraint(self, call: ast.Call, named: str | None) -> ops.Constraint | None:
        columns, targets = self.strings(call.args[0]), self.strings(call.args[1])
        if not columns or not targets:
            return None
        return ops.Constraint(
            "foreign key",
            columns,
            named,
            target=local(targets[0].rpartition(".")[0]),
            target_columns=tuple(target.rpartition(".")[2] for target in targets),
            on_delete=self._action(call, "ondelete"),
            on_update=self._action(call, "onupdate"),
        )


def local(table: str) -> str:
    """Give a table's name without the default schema."""
    return table.removeprefix("public.")
