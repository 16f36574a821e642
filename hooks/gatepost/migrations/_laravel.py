"""Read Laravel migrations: calls of ``Schema`` and lines about a table."""

from __future__ import annotations

import re
from typing import Any

from gatepost.migrations import MYSQL, POSTGRESQL, Script, Scripts, _php, _sqltext, _types
from gatepost.migrations._code import Block, Call, Name, plain, plains, script
from gatepost.migrations._interpret import Interpreter, Steps, data, literal, sql
from gatepost.sql import operations as ops

_TYPES: dict[str, tuple[str, str, str]] = {
    "string": ("varchar(255)", "varchar(255)", "varchar"),
    "char": ("char(255)", "char(255)", "varchar"),
    "text": ("text", "text", "text"),
    "mediumText": ("text", "mediumtext", "text"),
    "longText": ("text", "longtext", "text"),
    "tinyText": ("varchar(255)", "tinytext", "text"),
    "integer": ("integer", "int", "integer"),
    "bigInteger": ("bigint", "bigint", "integer"),
    "smallInteger": ("smallint", "smallint", "integer"),
    "tinyInteger": ("smallint", "tinyint", "integer"),
    "mediumInteger": ("integer", "mediumint", "integer"),
    "unsignedInteger": ("integer", "int unsigned", "integer"),
    "unsignedBigInteger": ("bigint", "bigint unsigned", "integer"),
    "unsignedSmallInteger": ("smallint", "smallint unsigned", "integer"),
    "unsignedTinyInteger": ("smallint", "tinyint unsigned", "integer"),
    "unsignedMediumInteger": ("integer", "mediumint unsigned", "integer"),
    "foreignId": ("bigint", "bigint unsigned", "integer"),
    "foreignUuid": ("uuid", "char(36)", "varchar"),
    "decimal": ("numeric(8,2)", "decimal(8,2)", "numeric"),
    "float": ("double precision", "double", "float"),
    "double": ("double precision", "double", "double"),
    "boolean": ("boolean", "tinyint(1)", "tinyint(1)"),
    "date": ("date", "date", "date"),
    "dateTime": ("timestamp(0)", "datetime", "datetime"),
    "dateTimeTz": ("timestamptz(0)", "datetime", "datetime"),
    "timestamp": ("timestamp(0)", "timestamp", "datetime"),
    "timestampTz": ("timestamptz(0)", "timestamp", "datetime"),
    "time": ("time(0)", "time", "time"),
    "json": ("json", "json", "text"),
    "jsonb": ("jsonb", "json", "text"),
    "uuid": ("uuid", "char(36)", "varchar"),
    "ulid": ("char(26)", "char(26)", "varchar"),
    "binary": ("bytea", "blob", "blob"),
    "ipAddress": ("inet", "varchar(45)", "varchar"),
    "year": ("integer", "year", "integer"),
}
_COUNTERS = {"id": "bigInteger", "bigIncrements": "bigInteger", "increments": "integer"}
_DROPS: dict[str, ops.ConstraintKind] = {
    "dropForeign": "foreign key",
    "dropUnique": "unique",
    "dropPrimary": "primary key",
}
ROWS = {"insert": "insert", "update": "update", "delete": "delete", "truncate": "truncate", "create": "insert"}


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    found = _php.read(text, path)
    declared = _sqltext.marker(text, path)
    up, down = (found.methods.get(name) if found else None for name in ("up", "down"))
    if up is None:
        return Scripts(Script(path, (), dialect, state="not-analysed", reason="has no method up()", certain=False))
    transaction = not (found and found.values.get("withinTransaction") is False)
    reader = _Reader(dialect)
    first = _direction(up, path, dialect, reader, transaction)
    second = _direction(down, path, dialect, reader, transaction) if down else None
    return Scripts(first, second, declared)


def _direction(block: Block, path: str, dialect: str, reader: _Reader, transaction: bool) -> Script:
    runner = Interpreter(reader.call, ("withoutForeignKeyConstraints", "transaction")).run(block)
    return script(path, block, dialect, runner.steps, runner.certain, transaction)


class _Reader:
    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def call(self, call: Call) -> Steps | None:
        """Take one call."""
        chain, origin = call.chain(), call.origin()
        if origin == "Schema" or any(one.name in ("connection", "setConnection") for one in chain[:-1]):
            return self._schema(call)
        if origin == "DB" and call.name in ("statement", "unprepared", "raw", "update", "insert", "delete", "select"):
            return sql(call)
        verb = ROWS.get(call.name, "")
        if verb and (origin == "DB" or origin[:1].isupper()):
            table = next((one.text(0) for one in chain if one.name == "table"), "")
            filtered = verb == "insert" or any(one.name.startswith("where") for one in chain)
            return data(verb, call, table, filtered)
        return None

    def _schema(self, call: Call) -> Steps | None:
        table, block = call.text(0), call.block_of()
        if call.name in ("disableForeignKeyConstraints", "enableForeignKeyConstraints"):
            return []
        if not table:
            return None
        if call.name in ("drop", "dropIfExists"):
            return [ops.DropTable(table, call.name == "dropIfExists", line=call.line)]
        if call.name == "rename" and call.text(1):
            return [ops.RenameTable(table, call.text(1), line=call.line)]
        if call.name in ("create", "table") and block:
            steps = self._lines(block, table)
            return self._created(steps, table, call) if call.name == "create" and steps is not None else steps
        if call.name == "dropColumns":
            return [ops.DropColumn(table, one, line=call.line) for one in plains(call.arg(1))] or None
        return None

    def _created(self, steps: Steps, table: str, call: Call) -> Steps:
        """Fold the lines about a new table into one operation."""
        columns = [step.column for step in steps if isinstance(step, ops.AddColumn)]
        constraints = [one for step in steps if isinstance(step, ops.AddColumn) for one in step.constraints]
        constraints += [step.constraint for step in steps if isinstance(step, ops.AddConstraint)]
        rest = [step for step in steps if not isinstance(step, (ops.AddColumn, ops.AddConstraint))]
        return [ops.CreateTable(table, tuple(columns), tuple(constraints), line=call.line), *rest]

    def _lines(self, block: Block, table: str) -> Steps | None:
        steps: Steps = []
        for node in block.body:
            made = self._line(node, table) if isinstance(node, Call) else None
            if made is None:
                return None
            steps += made
        return steps

    def _line(self, call: Call, table: str) -> Steps | None:
        chain = call.chain()
        head, words = chain[0], {one.name: one for one in chain[1:]}
        name = head.text(0)
        if head.name in _COUNTERS:
            return self._counter(head, name or "id", table)
        if head.name.lower().endswith("morphs") and name:
            return self._morphs(head, name, table)
        if head.name == "foreignIdFor":
            return self._for_model(head, words, table)
        if head.name == "enum" and name:
            return self._enum(head, words, name, table)
        if head.name in _TYPES and name:
            return self._column(head, words, name, table)
        if head.name in ("timestamps", "timestampsTz", "softDeletes", "softDeletesTz", "rememberToken"):
            return self._usual(head, table)
        if head.name == "dropColumn":
            names = plains(head.arg(0)) if isinstance(head.arg(0), list) else [plain(one) for one in head.args or ()]
            return [ops.DropColumn(table, one, line=head.line) for one in names] if names and all(names) else None
        if head.name == "renameColumn" and name and head.text(1):
            return [ops.RenameColumn(table, name, head.text(1), line=head.line)]
        return self._key(head, words, table)

    def _key(self, head: Call, words: dict[str, Call], table: str) -> Steps | None:
        names = plains(head.arg(0))
        if head.name in _DROPS:
            suffix = head.name.removeprefix("drop").lower()
            listed = isinstance(head.arg(0), list)
            named = f"{table}_{'_'.join(names)}_{suffix}".lower() if listed else head.text(0) or None
            columns = names if listed else ()
            return [ops.DropConstraint(table, named, _DROPS[head.name], columns, line=head.line)]
        if head.name in ("dropTimestamps", "dropSoftDeletes", "dropRememberToken"):
            gone = {"dropTimestamps": ("created_at", "updated_at"), "dropSoftDeletes": ("deleted_at",)}
            return [ops.DropColumn(table, one, line=head.line) for one in gone.get(head.name, ("remember_token",))]
        if not names:
            return [] if head.name in ("engine", "comment", "charset", "collation") else None
        if head.name in ("unique", "primary"):
            kind: ops.ConstraintKind = "unique" if head.name == "unique" else "primary key"
            usual = f"{table}_{'_'.join(names)}_unique".lower() if kind == "unique" else None
            return [ops.AddConstraint(table, ops.Constraint(kind, names, head.text(1) or usual), line=head.line)]
        if head.name in ("index", "dropIndex"):
            return self._index(head, names, table)
        return self._foreign(head, words, names, table) if head.name == "foreign" else None

    def _index(self, head: Call, names: tuple[str, ...], table: str) -> Steps:
        usual = f"{table}_{'_'.join(names)}_index".lower()
        if head.name == "index":
            return [ops.CreateIndex(table, ops.Index(names, head.text(1) or usual), line=head.line)]
        return [ops.DropIndex(usual if isinstance(head.arg(0), list) else names[0], table, line=head.line)]

    def _foreign(self, head: Call, words: dict[str, Call], names: tuple[str, ...], table: str) -> Steps | None:
        if "on" not in words:
            return None
        made = ops.Constraint(
            "foreign key",
            names,
            head.text(1) or f"{table}_{'_'.join(names)}_foreign".lower(),
            target=words["on"].text(0) or None,
            target_columns=plains(words["references"].arg(0)) if "references" in words else (),
            on_delete=_deleted(words),
        )
        return [ops.AddConstraint(table, made, line=head.line)]

    def _type(self, kind: str) -> str:
        return _types.canonical(_TYPES[kind][{POSTGRESQL: 0, MYSQL: 1}.get(self.dialect, 2)], self.dialect)

    def _counter(self, head: Call, name: str, table: str) -> Steps:
        typed = self._type(_COUNTERS[head.name])
        if self.dialect == MYSQL:
            typed += " unsigned"
        identity = {POSTGRESQL: "serial", MYSQL: "auto_increment"}.get(self.dialect)
        column = ops.Column(name, typed, False, identity=identity)
        return [ops.AddColumn(table, column, (ops.Constraint("primary key", (name,)),), line=head.line)]

    def _usual(self, head: Call, table: str) -> Steps:
        if head.name == "rememberToken":
            return [ops.AddColumn(table, ops.Column("remember_token", "varchar(100)"), line=head.line)]
        typed = self._type("timestampTz" if head.name.endswith("Tz") else "timestamp")
        names = ("created_at", "updated_at") if head.name.startswith("timestamps") else (head.text(0) or "deleted_at",)
        return [ops.AddColumn(table, ops.Column(name, typed), line=head.line) for name in names]

    def _column(self, head: Call, words: dict[str, Call], name: str, table: str) -> Steps:
        typed, size = self._type(head.name), head.arg(1)
        if head.name in ("string", "char") and type(size) is int and self.dialect in (POSTGRESQL, MYSQL):
            typed = f"{typed.partition('(')[0]}({size})"
        elif head.name == "decimal" and type(size) is int and typed.endswith(")"):
            scale = head.arg(2)
            typed = f"{typed.partition('(')[0]}({size},{scale if type(scale) is int else 2})"
        null = "nullable" in words and words["nullable"].arg(0) is not False
        default = literal(words["default"].arg(0)) if "default" in words else None
        if "useCurrent" in words:
            default = "now()" if self.dialect == POSTGRESQL else "CURRENT_TIMESTAMP"
        column = ops.Column(name, typed, null, default)
        if "change" in words:
            return self._changed(column, table, head.line)
        steps: Steps = [ops.AddColumn(table, column, self._beside(words, name, table), line=head.line)]
        if "index" in words:
            usual = words["index"].text(0) or f"{table}_{name}_index".lower()
            steps.append(ops.CreateIndex(table, ops.Index((name,), usual), line=head.line))
        return steps

    def _morphs(self, head: Call, name: str, table: str) -> Steps:
        """Take the two columns of a relation to any model, and their index."""
        null = head.name.startswith("nullable")
        typed = self._type("uuid" if "uuid" in head.name.lower() else "unsignedBigInteger")
        columns = (ops.Column(f"{name}_type", self._type("string"), null), ops.Column(f"{name}_id", typed, null))
        names = tuple(column.name for column in columns)
        index = ops.Index(names, head.text(1) or f"{table}_{'_'.join(names)}_index".lower())
        steps: Steps = [ops.AddColumn(table, column, line=head.line) for column in columns]
        return [*steps, ops.CreateIndex(table, index, line=head.line)]

    def _for_model(self, head: Call, words: dict[str, Call], table: str) -> Steps | None:
        """Take ``foreignIdFor(User::class)``; the type of the key is the model's own affair."""
        model = head.arg(0)
        if not isinstance(model, Name) or not model.value.endswith("::class"):
            return None
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.value.removesuffix("::class").rpartition("\\")[2]).lower()
        name = head.text(1) or f"{snake}_id"
        column = ops.Column(name, "", "nullable" in words)
        if "change" in words:
            return [ops.SetNullable(table, name, "nullable" in words, line=head.line)]
        return [ops.AddColumn(table, column, self._beside(words, f"{snake}_id", table), line=head.line)]

    def _enum(self, head: Call, words: dict[str, Call], name: str, table: str) -> Steps:
        values = ",".join(f"'{value}'" for value in plains(head.arg(1)))
        typed = f"enum({values})" if self.dialect == MYSQL else self._type("string")
        default = literal(words["default"].arg(0)) if "default" in words else None
        column = ops.Column(name, typed if values else "", "nullable" in words, default)
        return (
            self._changed(column, table, head.line)
            if "change" in words
            else [ops.AddColumn(table, column, self._beside(words, name, table), line=head.line)]
        )

    def _changed(self, column: ops.Column, table: str, line: int) -> Steps:
        if self.dialect == MYSQL:
            return [ops.RedefineColumn(table, column.name, column, line=line)]
        return [
            ops.SetType(table, column.name, column.type, line=line),
            ops.SetNullable(table, column.name, bool(column.nullable), line=line),
            ops.SetDefault(table, column.name, column.default, line=line),
        ]

    def _beside(self, words: dict[str, Call], name: str, table: str) -> tuple[ops.Constraint, ...]:
        made: list[ops.Constraint] = []
        if "primary" in words:
            made.append(ops.Constraint("primary key", (name,)))
        if "unique" in words:
            made.append(ops.Constraint("unique", (name,), f"{table}_{name}_unique".lower()))
        target = next((words[key].text(0) for key in ("constrained", "on") if key in words), "")
        if "constrained" in words or target:
            target = target or name.removesuffix("_id") + "s"
            usual = f"{table}_{name}_foreign".lower()
            made.append(
                ops.Constraint(
                    "foreign key", (name,), usual, target=target, target_columns=("id",), on_delete=_deleted(words)
                )
            )
        return tuple(made)


def _deleted(words: dict[str, Call]) -> str:
    known: dict[str, Any] = {"cascadeOnDelete": "cascade", "nullOnDelete": "set null", "restrictOnDelete": "restrict"}
    named = next((known[key] for key in known if key in words), "")
    return named or (words["onDelete"].text(0).lower() if "onDelete" in words else "")
