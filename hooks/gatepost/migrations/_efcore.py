"""Read EF Core migrations: calls of the migration builder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatepost.migrations import MYSQL, POSTGRESQL, Script, Scripts, _csharp, _sqltext, _types
from gatepost.migrations._code import Block, Call, Name, Text, plain, plains, script
from gatepost.migrations._interpret import Interpreter, Steps, data, literal, sql
from gatepost.sql import operations as ops

ROWS = {"InsertData": "insert", "UpdateData": "update", "DeleteData": "delete"}


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    found = _csharp.read(text, path)
    declared = _sqltext.marker(text, path)
    up, down = found.get("Up"), found.get("Down")
    if up is None:
        return Scripts(Script(path, (), dialect, state="not-analysed", reason="has no method Up", certain=False))
    return Scripts(_direction(up, path, dialect), _direction(down, path, dialect) if down else None, declared)


def _direction(block: Block, path: str, dialect: str) -> Script:
    reader = _Reader(dialect)
    runner = Interpreter(reader.call).run(block)
    return script(path, block, dialect, runner.steps, runner.certain)


class _Reader:
    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def call(self, call: Call) -> Steps | None:
        """Take one call, without the annotations behind it."""
        head = next((one for one in call.chain() if one.name[:1].isupper()), call)
        if head.name in ROWS:
            return data(ROWS[head.name], head, _table(head))
        if head.name == "Sql":
            return sql(head) or ([plain_sql] if (plain_sql := _named_sql(head)) else None)
        if head.name == "AlterDatabase":
            return []
        handler = _HANDLERS.get(head.name)
        return handler(self, head) if handler else None

    def column(self, name: str, words: dict[str, Any], chained: list[Call]) -> ops.Column:
        """Give the column that the arguments define."""
        null = words.get("nullable", False)
        computed = plain(words.get("defaultValueSql"))
        default = computed or (literal(words["defaultValue"]) if "defaultValue" in words else None)
        typed = _types.canonical(plain(words.get("type")), self.dialect) if plain(words.get("type")) else ""
        counted = any("ValueGenerationStrategy" in str(one.args) for one in chained)
        identity = {POSTGRESQL: "by default", MYSQL: "auto_increment"}.get(self.dialect) if counted else None
        return ops.Column(name, typed, null if isinstance(null, bool) else None, default, identity=identity)


def _named_sql(call: Call) -> Any:
    value = call.words.get("sql")
    return value.sql() if isinstance(value, Text) else None


def _table(call: Call, word: str = "table", at: int = 1) -> str:
    schema, name = plain(call.words.get("schema")), call.text(at, word)
    return f"{schema}.{name}" if schema and schema not in ("public", "dbo") else name


def _add_column(reader: _Reader, call: Call) -> Steps | None:
    table, name = _table(call), call.text(0, "name")
    if not table or not name:
        return None
    return [ops.AddColumn(table, reader.column(name, call.words, []), line=call.line)]


def _drop_column(_: _Reader, call: Call) -> Steps | None:
    return [ops.DropColumn(_table(call), call.text(0, "name"), line=call.line)] if _table(call) else None


def _rename_column(_: _Reader, call: Call) -> Steps | None:
    old, new = call.text(0, "name"), call.text(2, "newName")
    return [ops.RenameColumn(_table(call), old, new, line=call.line)] if old and new else None


def _alter_column(reader: _Reader, call: Call) -> Steps | None:
    table, name = _table(call), call.text(0, "name")
    if not table or not name:
        return None
    words = call.words
    new = reader.column(name, words, [])
    steps: Steps = []
    filled = new.nullable is False and words.get("oldNullable") is True and "oldDefaultValue" not in words
    old = _types.canonical(plain(words.get("oldType")), reader.dialect) if plain(words.get("oldType")) else ""
    if new.type and new.type != old:
        steps.append(ops.SetType(table, name, new.type, line=call.line))
    if filled and new.default is not None:
        steps.append(ops.Data("update", table, columns=(name,), line=call.line))  # EF fills the rows first
    if new.nullable != (words.get("oldNullable") is True) and new.nullable is not None:
        steps.append(ops.SetNullable(table, name, new.nullable, line=call.line))
    if not filled and ("defaultValue" in words or "defaultValueSql" in words):
        steps.append(ops.SetDefault(table, name, new.default, line=call.line))
    elif "oldDefaultValue" in words or "oldDefaultValueSql" in words:
        steps.append(ops.SetDefault(table, name, None, line=call.line))
    return steps


def _create_table(reader: _Reader, call: Call) -> Steps | None:
    table, columns = _table(call, "name", 0), call.words.get("columns")
    if not table or not isinstance(columns, dict):
        return None
    made = []
    for key, value in columns.items():
        chain = value.chain() if isinstance(value, Call) else []
        head = next((one for one in chain if one.name == "Column"), None)
        if head is None:
            return None
        made.append(reader.column(plain(head.words.get("name")) or key, head.words, chain))
    block = call.words.get("constraints")
    constraints = [_constraint(node) for node in block.body] if isinstance(block, Block) else []
    known = tuple(one for one in constraints if one)
    return [ops.CreateTable(table, tuple(made), known, line=call.line)]


def _constraint(node: Any) -> ops.Constraint | None:
    head = next((one for one in node.chain() if one.name[:1].isupper()), None) if isinstance(node, Call) else None
    if head is None:
        return None
    named = head.text(0, "name") or None
    columns = _members(head.arg(1, "column") if "column" in head.words else head.arg(1, "columns"))
    if head.name == "PrimaryKey":
        return ops.Constraint("primary key", columns, named)
    if head.name == "UniqueConstraint":
        return ops.Constraint("unique", columns, named)
    if head.name == "CheckConstraint":
        return ops.Constraint("check", (), named, head.text(1, "sql"))
    if head.name == "ForeignKey":
        return ops.Constraint(
            "foreign key",
            columns,
            named,
            target=_table(head, "principalTable", 2) or None,
            target_columns=_columns(head, "principalColumn"),
            on_delete=_action(head.words.get("onDelete")),
        )
    return None


def _members(value: Any) -> tuple[str, ...]:
    """Give the columns of ``x => x.Id`` and ``x => new { x.A, x.B }``."""
    if isinstance(value, Name):
        return (value.value.rpartition(".")[2],)
    if isinstance(value, dict):
        names = [*value.keys(), *(one.value for one in value.values() if isinstance(one, Name))]
        return tuple(name.rpartition(".")[2] for name in names if "." in name)
    return plains(value)


def _columns(call: Call, word: str) -> tuple[str, ...]:
    return plains(call.words.get(word)) or plains(call.words.get(word + "s"))


def _action(value: Any) -> str:
    text = value.value.rpartition(".")[2] if isinstance(value, Name) else ""
    return {"Cascade": "cascade", "SetNull": "set null", "Restrict": "restrict"}.get(text, "")


def _drop_table(_: _Reader, call: Call) -> Steps | None:
    table = _table(call, "name", 0)
    return [ops.DropTable(table, line=call.line)] if table else None


def _rename_table(_: _Reader, call: Call) -> Steps | None:
    old, new = _table(call, "name", 0), call.text(2, "newName")
    return [ops.RenameTable(old, new, line=call.line)] if old and new else None


def _create_index(_: _Reader, call: Call) -> Steps | None:
    columns, named = _columns(call, "column"), call.text(0, "name")
    if not named:
        return None
    predicate = plain(call.words.get("filter")) or None
    index = ops.Index(columns, named, call.words.get("unique") is True, predicate=predicate)
    return [ops.CreateIndex(_table(call), index, line=call.line)]


def _drop_index(_: _Reader, call: Call) -> Steps | None:
    return [ops.DropIndex(call.text(0, "name"), _table(call), line=call.line)] if call.text(0, "name") else None


def _rename_index(_: _Reader, call: Call) -> Steps | None:
    old, new = call.text(0, "name"), call.text(1, "newName")
    return [ops.RenameIndex(old, new, plain(call.words.get("table")), line=call.line)] if old and new else None


def _add_key(kind: ops.ConstraintKind) -> Callable[[_Reader, Call], Steps | None]:
    def make(_: _Reader, call: Call) -> Steps | None:
        made = ops.Constraint(
            kind,
            _columns(call, "column"),
            call.text(0, "name") or None,
            plain(call.words.get("sql")) or None,
            target=plain(call.words.get("principalTable")) or None,
            target_columns=_columns(call, "principalColumn"),
            on_delete=_action(call.words.get("onDelete")),
        )
        return [ops.AddConstraint(_table(call), made, line=call.line)]

    return make


def _drop_key(kind: ops.ConstraintKind) -> Callable[[_Reader, Call], Steps | None]:
    def make(_: _Reader, call: Call) -> Steps | None:
        return [ops.DropConstraint(_table(call), call.text(0, "name"), kind, line=call.line)]

    return make


def _object(kind: str, create: bool) -> Callable[[_Reader, Call], Steps | None]:
    def make(_: _Reader, call: Call) -> Steps | None:
        name = call.text(0, "name")
        if create:
            return [ops.CreateObject(kind, name, if_not_exists=kind == "schema", line=call.line)]
        return [ops.DropObject(kind, name, line=call.line)]

    return make


_HANDLERS: dict[str, Callable[[_Reader, Call], Steps | None]] = {
    "AddColumn": _add_column,
    "DropColumn": _drop_column,
    "RenameColumn": _rename_column,
    "AlterColumn": _alter_column,
    "CreateTable": _create_table,
    "DropTable": _drop_table,
    "RenameTable": _rename_table,
    "CreateIndex": _create_index,
    "DropIndex": _drop_index,
    "RenameIndex": _rename_index,
    "AddForeignKey": _add_key("foreign key"),
    "AddPrimaryKey": _add_key("primary key"),
    "AddUniqueConstraint": _add_key("unique"),
    "AddCheckConstraint": _add_key("check"),
    "DropForeignKey": _drop_key("foreign key"),
    "DropPrimaryKey": _drop_key("primary key"),
    "DropUniqueConstraint": _drop_key("unique"),
    "DropCheckConstraint": _drop_key("check"),
    "CreateSequence": _object("sequence", True),
    "DropSequence": _object("sequence", False),
    "EnsureSchema": _object("schema", True),
    "DropSchema": _object("schema", False),
}
