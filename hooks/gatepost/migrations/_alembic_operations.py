"""Turn the calls of ``alembic.op`` into neutral operations."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from gatepost.migrations import POSTGRESQL, _sqlalchemy, _types
from gatepost.migrations._python import name
from gatepost.migrations._sqlalchemy import Defined, Reader
from gatepost.sql import operations as ops

Steps = list[Any]
KINDS: dict[str, ops.ConstraintKind] = {
    "foreignkey": "foreign key",
    "unique": "unique",
    "primary": "primary key",
    "check": "check",
}
DANGER = (
    "drop_table",
    "drop_column",
    "drop_index",
    "drop_constraint",
    "rename_table",
    "alter_column",
    "DROP",
    "TRUNCATE",
)


def operations(called: str, call: ast.Call, reader: Reader, batch: str | None) -> Steps | None:
    """Give what ``op.<called>(…)`` does, or None where it is not understood; ``batch`` is the batch's table."""
    handler = _HANDLERS.get(called)
    if handler is None:
        return None
    return handler(_Call(call, reader, batch))


def batch_table(call: ast.Call, reader: Reader) -> str | None:
    """Give the table of ``batch_alter_table``."""
    made = _Call(call, reader, None)
    return made.qualified(made.arg(0, "table_name"))


def saw(text: str) -> tuple[str, ...]:
    """Give the dangerous words in a piece of code that is not read."""
    return tuple(word for word in DANGER if word in text)


class _Call:
    """One call with its arguments by position or name; in a batch the table comes first by itself."""

    def __init__(self, call: ast.Call, reader: Reader, batch: str | None) -> None:
        self.node = call
        self.reader = reader
        self.batch = batch
        self.words = reader.words(call)
        self.line = call.lineno

    def arg(self, at: int, word: str) -> ast.expr | None:
        """Give an argument."""
        return self.node.args[at] if at < len(self.node.args) else self.words.get(word)

    def text(self, at: int, word: str) -> str | None:
        """Give an argument that is a string."""
        return self.reader.text(self.arg(at, word))

    def table(self, at: int, word: str = "table_name") -> tuple[str | None, int]:
        """Give the table and the position of what follows it."""
        if self.batch is not None:
            return self.batch, at
        return self.qualified(self.arg(at, word)), at + 1

    def qualified(self, node: ast.expr | None, word: str = "schema") -> str | None:
        """Give a table's name with its schema."""
        named = self.reader.text(node)
        if named is None:
            return None
        schema = self.reader.text(self.words.get(word))
        return _sqlalchemy.local(f"{schema}.{named}" if schema else named)

    def true(self, word: str) -> bool:
        """Tell whether a keyword is True."""
        return self.reader.scope.value(self.words.get(word)) is True


def _create_table(call: _Call) -> Steps | None:
    table = call.qualified(call.arg(0, "table_name"))
    if table is None:
        return None
    columns: list[Defined] = []
    constraints: list[ops.Constraint] = []
    for node in call.node.args[1:]:
        if isinstance(node, ast.Starred):
            return None
        found = call.reader.column(node)
        if found:
            columns.append(found)
            continue
        inner = call.reader.scope.expression(node)
        constraint = call.reader.constraint(inner) if isinstance(inner, ast.Call) else None
        if constraint is None:
            return None
        constraints.append(constraint)
    return _table(call, table, columns, constraints)


def _table(call: _Call, table: str, columns: list[Defined], constraints: list[ops.Constraint]) -> Steps:
    primary = tuple(one.column.name for one in columns if one.primary)
    if primary:
        constraints.insert(0, ops.Constraint("primary key", primary))
    keyed = next((one.columns for one in constraints if one.kind == "primary key"), ())
    made: Steps = [one.enum for one in columns if one.enum]
    made.append(
        ops.CreateTable(
            table,
            tuple(_numbered(one, keyed, call.reader.dialect) for one in columns),
            (*constraints, *(constraint for one in columns for constraint in one.constraints)),
            if_not_exists=call.true("if_not_exists"),
            line=call.line,
        )
    )
    return made + [_own_index(call, table, one) for one in columns if one.index]


def _own_index(call: _Call, table: str, one: Defined) -> ops.CreateIndex:
    named = f"ix_{table.replace('.', '_')}_{one.column.name}"
    return ops.CreateIndex(table, ops.Index((one.column.name,), named), line=call.line)


def _numbered(one: Defined, keyed: tuple[str, ...], dialect: str) -> ops.Column:
    """Give a lone integer primary key the counter that SQLAlchemy gives it."""
    from dataclasses import replace

    column = one.column
    key = column.name in keyed
    if key and column.nullable is not False:
        column = replace(column, nullable=False)
    counted = keyed == (column.name,) and column.type in ("integer", "int", "bigint", "smallint")
    references = any(constraint.kind == "foreign key" for constraint in one.constraints)
    if not counted or references or one.autoincrement is False or column.identity or column.default:
        return column
    identity = {POSTGRESQL: "serial", "mysql": "auto_increment"}.get(dialect)
    return replace(column, identity=identity) if identity else column


def _drop_table(call: _Call) -> Steps | None:
    table = call.qualified(call.arg(0, "table_name"))
    return (table and [ops.DropTable(table, call.true("if_exists"), line=call.line)]) or None


def _rename_table(call: _Call) -> Steps | None:
    old, new = call.qualified(call.arg(0, "old_table_name")), call.qualified(call.arg(1, "new_table_name"))
    return [ops.RenameTable(old, new, line=call.line)] if old and new else None


def _add_column(call: _Call) -> Steps | None:
    table, at = call.table(0)
    node = call.arg(at, "column")
    found = call.reader.column(node) if node is not None else None
    if table is None or found is None:
        return None
    lenient = call.true("if_not_exists")
    made: Steps = [ops.AddColumn(table, found.column, tuple(found.constraints), lenient, line=call.line)]
    return made + ([_own_index(call, table, found)] if found.index else [])


def _drop_column(call: _Call) -> Steps | None:
    table, at = call.table(0)
    column = call.text(at, "column_name")
    return [ops.DropColumn(table, column, call.true("if_exists"), line=call.line)] if table and column else None


def _alter_column(call: _Call) -> Steps | None:
    table, at = call.table(0)
    column = call.text(at, "column_name")
    if table is None or column is None:
        return None
    made: Steps = []
    words = call.words
    if "nullable" in words:
        nullable = call.reader.scope.value(words["nullable"])
        if not isinstance(nullable, bool):
            return None
        if nullable:
            made.append(ops.SetNullable(table, column, nullable, line=call.line))
    if "type_" in words:
        typed = call.reader.type(words["type_"])
        using = call.reader.text(words.get("postgresql_using"))
        made.append(ops.SetType(table, column, typed.text, using, line=call.line))
    if "server_default" in words and call.reader.scope.value(words["server_default"]) is not False:
        made.append(ops.SetDefault(table, column, call.reader.default(words["server_default"]), line=call.line))
    if "nullable" in words and call.reader.scope.value(words["nullable"]) is False:
        made.append(ops.SetNullable(table, column, nullable=False, line=call.line))
    if "comment" in words:
        made.append(ops.SetOption(table, "comment", call.reader.text(words["comment"]), column, line=call.line))
    new = call.reader.text(words.get("new_column_name"))
    if new and new != column:
        made.append(ops.RenameColumn(table, column, new, line=call.line))
    return made


def _create_index(call: _Call) -> Steps | None:
    named = call.text(0, "index_name")
    table, at = call.table(1)
    columns = _columns(call, call.arg(at, "columns"))
    if table is None or columns is None:
        return None
    where = call.words.get("postgresql_where") or call.words.get("sqlite_where")
    text = call.reader.scope.sql(where) if where is not None else None
    index = ops.Index(
        columns,
        named,
        call.true("unique"),
        call.reader.text(call.words.get("postgresql_using")) or "",
        _types.expression(text.text, call.reader.dialect) if text else ("" if where is not None else None),
        call.reader.strings(call.words.get("postgresql_include")) or (),
    )
    concurrently, lenient = call.true("postgresql_concurrently"), call.true("if_not_exists")
    return [ops.CreateIndex(table, index, concurrently, lenient, line=call.line)]


def _columns(call: _Call, node: ast.expr | None) -> tuple[str, ...] | None:
    """Give the columns of an index; an expression stands as its text."""
    known = call.reader.strings(node)
    if known is not None:
        return known
    node = call.reader.scope.expression(node) if node is not None else None
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    found = [call.reader.scope.sql(item) for item in node.elts]
    return None if None in found else tuple(one.text for one in found if one)


def _drop_index(call: _Call) -> Steps | None:
    named = call.text(0, "index_name")
    table = call.batch or call.qualified(call.arg(1, "table_name")) or ""
    if named is None:
        return None
    concurrently, lenient = call.true("postgresql_concurrently"), call.true("if_exists")
    return [ops.DropIndex(named, table, concurrently=concurrently, if_exists=lenient, line=call.line)]


def _unique(call: _Call) -> Steps | None:
    return _keyed(call, "unique")


def _primary(call: _Call) -> Steps | None:
    return _keyed(call, "primary key")


def _keyed(call: _Call, kind: ops.ConstraintKind) -> Steps | None:
    table, at = call.table(1)
    columns = call.reader.strings(call.arg(at, "columns"))
    if table is None or columns is None:
        return None
    return [ops.AddConstraint(table, ops.Constraint(kind, columns, call.text(0, "constraint_name")), line=call.line)]


def _check(call: _Call) -> Steps | None:
    table, at = call.table(1)
    node = call.arg(at, "condition")
    sql = call.reader.scope.sql(node) if node is not None else None
    if table is None:
        return None
    made = ops.Constraint(
        "check",
        (),
        call.text(0, "constraint_name"),
        _types.expression(sql.text, call.reader.dialect) if sql else "",
        valid=not call.true("postgresql_not_valid"),
    )
    return [ops.AddConstraint(table, made, line=call.line)]


def _foreign_key(call: _Call) -> Steps | None:
    if call.batch is not None:
        table, at = call.batch, 1
    else:
        found = call.qualified(call.arg(1, "source_table"), "source_schema")
        if found is None:
            return None
        table, at = found, 2
    target = call.qualified(call.arg(at, "referent_table"), "referent_schema")
    columns = call.reader.strings(call.arg(at + 1, "local_cols"))
    targets = call.reader.strings(call.arg(at + 2, "remote_cols"))
    if target is None or columns is None or targets is None:
        return None
    constraint = ops.Constraint(
        "foreign key",
        columns,
        call.text(0, "constraint_name"),
        target=target,
        target_columns=targets,
        on_delete=(call.reader.text(call.words.get("ondelete")) or "").lower(),
        on_update=(call.reader.text(call.words.get("onupdate")) or "").lower(),
        valid=not call.true("postgresql_not_valid"),
    )
    return [ops.AddConstraint(table, constraint, line=call.line)]


def _drop_constraint(call: _Call) -> Steps | None:
    table, at = call.table(1)
    named = call.text(0, "constraint_name")
    kind = KINDS.get(call.text(at, "type_") or "")
    if table is None or (named is None and kind is None):
        return None
    return [ops.DropConstraint(table, named, kind, if_exists=call.true("if_exists"), line=call.line)]


def _execute(call: _Call) -> Steps | None:
    node = call.arg(0, "sqltext")
    if node is None:
        return None
    return statement(node, call.reader)


def statement(node: ast.expr, reader: Reader) -> Steps | None:
    """Give what an executed expression does: SQL text, or a statement that SQLAlchemy builds."""
    sql = reader.scope.sql(node)
    if sql is not None:
        return [sql]
    return _built(node, reader)


def _built(node: ast.expr, reader: Reader) -> Steps | None:
    """Recognise ``table.update().where(…)``, ``sa.delete(table)`` and the like."""
    line, filtered = node.lineno, False
    node = reader.scope.expression(node)
    verb = ""
    while isinstance(node, ast.Call):
        called = node.func
        attr = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        filtered = filtered or attr in ("where", "filter", "filter_by")
        if attr in ("update", "insert", "delete", "select"):
            verb = attr
            break
        if not isinstance(called, ast.Attribute):
            break
        node = reader.scope.expression(called.value)
    if verb == "select":
        return [ops.Nothing("select", line=line)]
    return [ops.Data(verb, "", filtered, line=line)] if verb else None


def _bulk_insert(call: _Call) -> Steps | None:
    node = call.reader.scope.expression(call.node.args[0]) if call.node.args else None
    table = call.reader.text(node.args[0]) if isinstance(node, ast.Call) and node.args else None
    return [ops.Data("insert", table or "", line=call.line)]


def _comment(call: _Call) -> Steps | None:
    table, at = call.table(0)
    return [ops.SetOption(table, "comment", call.text(at, "comment"), line=call.line)] if table else None


def beside(call: ast.Call, reader: Reader) -> Steps | None:
    """Give what a call does that is none of ``op``: ``connection.execute``, an enum's ``create`` and ``drop``."""
    if not isinstance(call.func, ast.Attribute):
        return None
    verb, owner = call.func.attr, reader.scope.expression(call.func.value)
    if verb in ("execute", "exec_driver_sql", "scalar", "scalars") and call.args:
        return statement(call.args[0], reader)
    if verb in ("create", "drop") and isinstance(owner, ast.Call):
        return _own_type(verb, owner, call, reader)
    if verb in ("fetchall", "fetchone", "first", "one", "all", "mappings") and isinstance(owner, ast.Call):
        return beside(owner, reader)
    if verb in ("commit", "rollback", "flush", "close"):
        return []
    return None


def _own_type(verb: str, owner: ast.Call, call: ast.Call, reader: Reader) -> Steps | None:
    if name(owner.func).rpartition(".")[2] not in ("Enum", "ENUM"):
        return None
    if reader.dialect != POSTGRESQL:
        return []
    named = reader.text(reader.words(owner).get("name"))
    if named is None:
        return None
    if verb == "drop":
        return [ops.DropObject("enum", named, if_exists=True, line=call.lineno)]
    values = tuple(value for node in owner.args if isinstance(value := reader.scope.value(node), str))
    return [ops.CreateObject("enum", named, values=values, if_not_exists=True, line=call.lineno)]


_HANDLERS: dict[str, Callable[[_Call], Steps | None]] = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "create_unique_constraint": _unique,
    "create_primary_key": _primary,
    "create_check_constraint": _check,
    "create_foreign_key": _foreign_key,
    "drop_constraint": _drop_constraint,
    "execute": _execute,
    "bulk_insert": _bulk_insert,
    "create_table_comment": _comment,
    "drop_table_comment": _comment,
}
