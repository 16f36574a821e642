"""Read Sequelize migrations: calls of the query interface."""

from __future__ import annotations

from typing import Any

from gatepost.migrations import MYSQL, POSTGRESQL, Scripts, _javascript, _types
from gatepost.migrations._code import Call, Name, plain, plains
from gatepost.migrations._interpret import Steps, data, literal, sql
from gatepost.sql import operations as ops

_TYPES: dict[str, tuple[str, str, str]] = {
    "STRING": ("varchar(255)", "varchar(255)", "varchar(255)"),
    "CHAR": ("char(255)", "char(255)", "char(255)"),
    "TEXT": ("text", "text", "text"),
    "INTEGER": ("integer", "int", "integer"),
    "BIGINT": ("bigint", "bigint", "bigint"),
    "SMALLINT": ("smallint", "smallint", "smallint"),
    "FLOAT": ("double precision", "float", "float"),
    "DOUBLE": ("double precision", "double", "double"),
    "DECIMAL": ("numeric", "decimal", "decimal"),
    "BOOLEAN": ("boolean", "tinyint(1)", "tinyint(1)"),
    "DATE": ("timestamptz", "datetime", "datetime"),
    "DATEONLY": ("date", "date", "date"),
    "TIME": ("time", "time", "time"),
    "UUID": ("uuid", "char(36)", "uuid"),
    "JSON": ("json", "json", "json"),
    "JSONB": ("jsonb", "json", "jsonb"),
    "BLOB": ("bytea", "blob", "blob"),
}
ROWS = {"bulkInsert": "insert", "bulkUpdate": "update", "bulkDelete": "delete", "insert": "insert", "delete": "delete"}


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    return _javascript.both(text, path, dialect, _Reader(dialect).call)[0]


class _Reader:
    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def call(self, call: Call) -> Steps | None:
        """Take one call."""
        if call.name in ROWS:
            return data(ROWS[call.name], call, _table(call.arg(0)))
        if call.name == "query":
            return sql(call)
        if call.name in ("commit", "rollback"):
            return []
        table = _table(call.arg(0))
        handler = getattr(self, "_" + call.name, None) if not call.name.islower() else None
        return handler(call, table) if table and handler is not None else None

    def _createTable(self, call: Call, table: str) -> Steps | None:  # noqa: N802 - the tool's own name
        columns = call.arg(1)
        if not isinstance(columns, dict):
            return None
        found = [self._column(name, words) for name, words in columns.items()]
        primary = tuple(name for name, w in columns.items() if isinstance(w, dict) and w.get("primaryKey") is True)
        constraints = [ops.Constraint("primary key", primary)] if primary else []
        constraints += [one for _, made in found for one in made]
        return [ops.CreateTable(table, tuple(one for one, _ in found), tuple(constraints), line=call.line)]

    def _dropTable(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        return [ops.DropTable(table, if_exists=True, line=call.line)]

    def _renameTable(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        return [ops.RenameTable(table, _table(call.arg(1)), line=call.line)]

    def _addColumn(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        if not call.text(1):
            return None
        column, made = self._column(call.text(1), call.arg(2))
        return [ops.AddColumn(table, column, tuple(made), line=call.line)]

    def _removeColumn(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        return [ops.DropColumn(table, call.text(1), line=call.line)] if call.text(1) else None

    def _renameColumn(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        if not call.text(1) or not call.text(2):
            return None
        return [ops.RenameColumn(table, call.text(1), call.text(2), line=call.line)]

    def _changeColumn(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        name, words = call.text(1), call.arg(2)
        if not name or not isinstance(words, dict):
            return None
        column, _ = self._column(name, words)
        steps: Steps = [ops.SetType(table, name, column.type, line=call.line)]
        if isinstance(words.get("allowNull"), bool):
            steps.append(ops.SetNullable(table, name, words["allowNull"], line=call.line))
        if "defaultValue" in words:
            steps.append(ops.SetDefault(table, name, column.default, line=call.line))
        return steps

    def _addIndex(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        listed = plains(call.arg(1))
        options = call.arg(2) if listed else call.arg(1)
        options = options if isinstance(options, dict) else {}
        columns = listed or plains(options.get("fields"))
        if not columns:
            return None
        named = plain(options.get("name")) or plain(options.get("indexName"))
        usual = f"{table}_{'_'.join(columns)}"
        unique = options.get("unique") is True or plain(options.get("type")).upper() == "UNIQUE"
        beside = options.get("concurrently") is True
        return [ops.CreateIndex(table, ops.Index(columns, named or usual, unique), beside, line=call.line)]

    def _removeIndex(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        columns = plains(call.arg(1)) if isinstance(call.arg(1), list) else ()
        named = f"{table}_{'_'.join(columns)}" if columns else call.text(1)
        return [ops.DropIndex(named, table, columns, line=call.line)] if named else None

    def _addConstraint(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        options = call.arg(1)
        if not isinstance(options, dict):
            return None
        kinds: dict[str, ops.ConstraintKind] = {
            "unique": "unique",
            "primary key": "primary key",
            "foreign key": "foreign key",
            "check": "check",
        }
        kind = kinds.get(plain(options.get("type")).lower())
        if kind is None:
            return None
        references = options.get("references")
        references = references if isinstance(references, dict) else {}
        made = ops.Constraint(
            kind,
            plains(options.get("fields")),
            plain(options.get("name")) or None,
            target=_table(references.get("table")) or None,
            target_columns=plains(references.get("field")),
            on_delete=plain(options.get("onDelete")).lower(),
        )
        return [ops.AddConstraint(table, made, line=call.line)]

    def _removeConstraint(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        return [ops.DropConstraint(table, call.text(1), line=call.line)] if call.text(1) else None

    def _column(self, name: str, words: Any) -> tuple[ops.Column, list[ops.Constraint]]:
        if not isinstance(words, dict):
            return ops.Column(name, self._type(words)), []
        primary, null = words.get("primaryKey") is True, words.get("allowNull", True)
        identity = {POSTGRESQL: "serial", MYSQL: "auto_increment"}.get(self.dialect)
        column = ops.Column(
            name,
            self._type(words.get("type")),
            False if primary else null if isinstance(null, bool) else None,
            _default(words.get("defaultValue")),
            identity=identity if words.get("autoIncrement") is True else None,
        )
        made = [ops.Constraint("unique", (name,))] if words.get("unique") is True else []
        references = words.get("references")
        if isinstance(references, dict):
            table = _table(references.get("model")) or _table(references.get("table"))
            key = plain(references.get("key")) or "id"
            deleted = plain(words.get("onDelete")).lower()
            made.append(
                ops.Constraint("foreign key", (name,), target=table or None, target_columns=(key,), on_delete=deleted)
            )
        return column, made

    def _type(self, value: Any) -> str:
        name = value.name if isinstance(value, Call) else ""
        name = value.value.rpartition(".")[2] if isinstance(value, Name) else name
        known = _TYPES.get(name)
        if known is None:
            return ""
        text = known[{POSTGRESQL: 0, MYSQL: 1}.get(self.dialect, 2)]
        sizes = [one for one in (value.args or [])[:2] if type(one) is int] if isinstance(value, Call) else []
        if sizes and name in ("STRING", "CHAR", "DECIMAL"):
            text = f"{text.partition('(')[0]}({','.join(str(one) for one in sizes)})"
        return _types.canonical(text, self.dialect)


def _default(value: Any) -> str | None:
    if isinstance(value, Call) and value.name in ("literal", "fn") and value.text(0):
        return value.text(0) + ("()" if value.name == "fn" else "")
    if isinstance(value, Name):
        return "now()" if value.value.endswith("NOW") else "'?'"
    return literal(value)


def _table(value: Any) -> str:
    if isinstance(value, dict):
        schema, name = plain(value.get("schema")), plain(value.get("tableName"))
        return f"{schema}.{name}" if schema and schema != "public" else name
    return plain(value)
