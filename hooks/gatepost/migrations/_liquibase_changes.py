"""Turn Liquibase's changes into neutral operations, and into what it runs to roll them back by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gatepost.migrations import Sql, _types
from gatepost.sql import operations as ops


@dataclass(slots=True)
class Node:
    """One element of a changelog: what XML calls an element and the others a mapping with one key."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)
    line: int = 1

    def named(self, *names: str) -> list[Node]:
        """Give the children of these names."""
        return [child for child in self.children if child.name in names]

    def plain(self) -> Any:
        """Give everything but the line, for comparing."""
        return self.name, sorted(self.values.items()), " ".join(self.text.split()), [c.plain() for c in self.children]


Steps = tuple[Any, ...]


def operations(node: Node, dialect: str) -> Steps | None:
    """Give what a change runs, or None where it is not known."""
    made = _CHANGES.get(node.name)
    return made(node, dialect) if made else None


def inverse(node: Node, dialect: str) -> Steps | None:
    """Give what Liquibase runs to roll a change back by itself, or None where it refuses."""
    made = _INVERSES.get(node.name)
    return made(node, dialect) if made else None


def _table(node: Node, key: str = "tableName") -> str:
    schema, name = node.values.get("schemaName", ""), node.values.get(key, "")
    return f"{schema}.{name}" if schema and schema != "public" else name


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _true(node: Node | None, key: str, default: str = "false") -> bool:
    return (node.values.get(key, default) if node else default).lower() == "true"


_DEFAULTS = ("defaultValue", "defaultValueNumeric", "defaultValueBoolean", "defaultValueComputed", "defaultValueDate")


def _default(node: Node) -> str | None:
    for key in _DEFAULTS:
        if key in node.values:
            value = node.values[key]
            return f"'{value}'" if key in ("defaultValue", "defaultValueDate") else value
    return None


def _column(node: Node, dialect: str) -> tuple[ops.Column, tuple[ops.Constraint, ...]]:
    name = node.values.get("name", "")
    inner = next(iter(node.named("constraints")), None)
    primary = _true(inner, "primaryKey")
    column = ops.Column(
        name,
        _types.generic(node.values.get("type", ""), dialect),
        not primary and _true(inner, "nullable", "true"),
        _default(node),
        identity="by default" if _true(node, "autoIncrement") else None,
    )
    made: list[ops.Constraint] = []
    if inner and primary:
        made.append(ops.Constraint("primary key", (name,), inner.values.get("primaryKeyName")))
    if inner and _true(inner, "unique"):
        made.append(ops.Constraint("unique", (name,), inner.values.get("uniqueConstraintName")))
    if inner and inner.values.get("references"):
        target, _, columns = inner.values["references"].partition("(")
        made.append(
            ops.Constraint(
                "foreign key",
                (name,),
                inner.values.get("foreignKeyName"),
                target=target.strip(),
                target_columns=_names(columns.rstrip(") ")),
            )
        )
    return column, tuple(made)


def _create_table(node: Node, dialect: str) -> Steps:
    columns = [_column(child, dialect) for child in node.named("column")]
    constraints: list[ops.Constraint] = []
    primary = tuple(
        column for _, made in columns for one in made if one.kind == "primary key" for column in one.columns
    )
    if primary:
        constraints.append(ops.Constraint("primary key", primary))
    constraints += [one for _, made in columns for one in made if one.kind != "primary key"]
    table = ops.CreateTable(_table(node), tuple(column for column, _ in columns), tuple(constraints), line=node.line)
    return (table,)


def _drop_table(node: Node, _: str) -> Steps:
    return (ops.DropTable(_table(node), cascade=_true(node, "cascadeConstraints"), line=node.line),)


def _add_column(node: Node, dialect: str) -> Steps:
    found = [_column(child, dialect) for child in node.named("column")]
    return tuple(ops.AddColumn(_table(node), column, made, line=node.line) for column, made in found)


def _drop_column(node: Node, _: str) -> Steps:
    names = [child.values.get("name", "") for child in node.named("column")] or [node.values.get("columnName", "")]
    return tuple(ops.DropColumn(_table(node), name, line=node.line) for name in names)


def _drop_added(node: Node, _: str) -> Steps:
    return tuple(
        ops.DropColumn(_table(node), child.values.get("name", ""), line=node.line)
        for child in reversed(node.named("column"))
    )


def _rename_table(node: Node, _: str) -> Steps:
    old, new = _table(node, "oldTableName"), _table(node, "newTableName")
    return (ops.RenameTable(old, new, line=node.line),)


def _rename_table_back(node: Node, _: str) -> Steps:
    old, new = _table(node, "oldTableName"), _table(node, "newTableName")
    return (ops.RenameTable(new, old, line=node.line),)


def _rename_column(node: Node, _: str) -> Steps:
    old, new = node.values.get("oldColumnName", ""), node.values.get("newColumnName", "")
    return (ops.RenameColumn(_table(node), old, new, line=node.line),)


def _rename_column_back(node: Node, _: str) -> Steps:
    old, new = node.values.get("oldColumnName", ""), node.values.get("newColumnName", "")
    return (ops.RenameColumn(_table(node), new, old, line=node.line),)


def _modify_type(node: Node, dialect: str) -> Steps:
    new = _types.generic(node.values.get("newDataType", ""), dialect)
    return (ops.SetType(_table(node), node.values.get("columnName", ""), new, line=node.line),)


def _nullable(allowed: bool) -> Callable[[Node, str], Steps]:
    def make(node: Node, _: str) -> Steps:
        return (ops.SetNullable(_table(node), node.values.get("columnName", ""), allowed, line=node.line),)

    return make


def _set_default(node: Node, _: str) -> Steps:
    return (ops.SetDefault(_table(node), node.values.get("columnName", ""), _default(node), line=node.line),)


def _no_default(node: Node, _: str) -> Steps:
    return (ops.SetDefault(_table(node), node.values.get("columnName", ""), None, line=node.line),)


def _create_index(node: Node, _: str) -> Steps:
    columns = tuple(child.values.get("name", "") for child in node.named("column"))
    index = ops.Index(columns, node.values.get("indexName"), _true(node, "unique"))
    return (ops.CreateIndex(_table(node), index, line=node.line),)


def _drop_index(node: Node, _: str) -> Steps:
    return (ops.DropIndex(node.values.get("indexName"), _table(node), line=node.line),)


def _foreign_key(node: Node) -> ops.Constraint:
    return ops.Constraint(
        "foreign key",
        _names(node.values.get("baseColumnNames", "")),
        node.values.get("constraintName"),
        target=_table(node, "referencedTableName"),
        target_columns=_names(node.values.get("referencedColumnNames", "")),
        on_delete=node.values.get("onDelete", "").lower(),
        on_update=node.values.get("onUpdate", "").lower(),
    )


def _add_foreign_key(node: Node, _: str) -> Steps:
    return (ops.AddConstraint(_table(node, "baseTableName"), _foreign_key(node), line=node.line),)


def _drop_foreign_key(node: Node, _: str) -> Steps:
    table, name = _table(node, "baseTableName"), node.values.get("constraintName")
    return (ops.DropConstraint(table, name, "foreign key", line=node.line),)


def _add_constraint(kind: ops.ConstraintKind) -> Callable[[Node, str], Steps]:
    def make(node: Node, _: str) -> Steps:
        text = node.values.get("constraintBody") or node.values.get("checkCondition")
        made = ops.Constraint(
            kind, _names(node.values.get("columnNames", "")), node.values.get("constraintName"), expression=text
        )
        return (ops.AddConstraint(_table(node), made, line=node.line),)

    return make


def _drop_constraint(kind: ops.ConstraintKind) -> Callable[[Node, str], Steps]:
    def make(node: Node, _: str) -> Steps:
        columns = _names(node.values.get("columnNames", ""))
        return (ops.DropConstraint(_table(node), node.values.get("constraintName"), kind, columns, line=node.line),)

    return make


def _object(kind: str, key: str, create: bool) -> Callable[[Node, str], Steps]:
    def make(node: Node, _: str) -> Steps:
        name = node.values.get(key, "")
        if create:
            replace = _true(node, "replaceIfExists")
            return (ops.CreateObject(kind, name, node.text.strip(), replace, line=node.line),)
        return (ops.DropObject(kind, name, line=node.line),)

    return make


def _data(verb: str) -> Callable[[Node, str], Steps]:
    def make(node: Node, _: str) -> Steps:
        filtered = bool(node.named("where")) or "where" in node.values or verb == "insert"
        columns = tuple(child.values.get("name", "") for child in node.named("column"))
        return (ops.Data(verb, _table(node), filtered, columns, line=node.line),)

    return make


def _sql(node: Node, _: str) -> Steps:
    return (Sql(node.text or node.values.get("sql", ""), node.line),)


def _nothing(_: Node, __: str) -> Steps:
    return ()


_CHANGES: dict[str, Callable[[Node, str], Steps]] = {
    "createTable": _create_table,
    "dropTable": _drop_table,
    "addColumn": _add_column,
    "dropColumn": _drop_column,
    "renameTable": _rename_table,
    "renameColumn": _rename_column,
    "modifyDataType": _modify_type,
    "addNotNullConstraint": _nullable(False),
    "dropNotNullConstraint": _nullable(True),
    "addDefaultValue": _set_default,
    "dropDefaultValue": _no_default,
    "createIndex": _create_index,
    "dropIndex": _drop_index,
    "addForeignKeyConstraint": _add_foreign_key,
    "dropForeignKeyConstraint": _drop_foreign_key,
    "addUniqueConstraint": _add_constraint("unique"),
    "dropUniqueConstraint": _drop_constraint("unique"),
    "addPrimaryKey": _add_constraint("primary key"),
    "dropPrimaryKey": _drop_constraint("primary key"),
    "addCheckConstraint": _add_constraint("check"),
    "dropCheckConstraint": _drop_constraint("check"),
    "createView": _object("view", "viewName", True),
    "dropView": _object("view", "viewName", False),
    "createSequence": _object("sequence", "sequenceName", True),
    "dropSequence": _object("sequence", "sequenceName", False),
    "insert": _data("insert"),
    "update": _data("update"),
    "delete": _data("delete"),
    "loadData": _data("copy"),
    "loadUpdateData": _data("merge"),
    "sql": _sql,
    "empty": _nothing,
    "output": _nothing,
    "setTableRemarks": _nothing,
    "setColumnRemarks": _nothing,
}
_INVERSES: dict[str, Callable[[Node, str], Steps]] = {
    "createTable": _drop_table,
    "addColumn": _drop_added,
    "renameTable": _rename_table_back,
    "renameColumn": _rename_column_back,
    "addNotNullConstraint": _nullable(True),
    "dropNotNullConstraint": _nullable(False),
    "addDefaultValue": _no_default,
    "createIndex": _drop_index,
    "addForeignKeyConstraint": _drop_foreign_key,
    "addUniqueConstraint": _drop_constraint("unique"),
    "addPrimaryKey": _drop_constraint("primary key"),
    "addCheckConstraint": _drop_constraint("check"),
    "createView": _object("view", "viewName", False),
    "createSequence": _object("sequence", "sequenceName", False),
    "empty": _nothing,
    "output": _nothing,
    "tagDatabase": _nothing,
}
