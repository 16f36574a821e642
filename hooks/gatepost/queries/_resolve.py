"""Say of each name in a query whether a schema has what it means.

Our own, and not sqlglot's qualify: that one does not look at the columns of INSERT, the targets of UPDATE and ON
CONFLICT, refuses one in twelve of the queries that PostgreSQL takes (LATERAL, USING, rows as values), and stops at the
first name that it does not know. Here every name has an answer of its own, ``unsure`` being one, so that two schemas
can be compared name by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp

from gatepost.queries import _values
from gatepost.queries._facts import AMBIGUOUS, GONE, OK, UNSURE, Fact, Facts
from gatepost.queries._names import Names
from gatepost.queries._scope import From, Hit, Scope, derived, of_table, plain, qualified
from gatepost.sql.schema import Schema

Outputs = tuple[str, ...] | None
_LATE = ("order", "group", "having", "qualify", "limit", "offset", "distinct", "windows")


def resolve(tree: Any, schema: Schema, optional: Mapping[str, int] | None = None) -> Facts:
    """Give the facts of one parsed statement on one schema. Raises RecursionError.

    ``optional`` counts the arguments with a default, for those functions of which that is known.
    """
    resolver = Resolver(schema, optional)
    resolver.statement(tree, Scope())
    return resolver.facts


class Resolver:
    """One pass over one statement."""

    def __init__(self, schema: Schema, optional: Mapping[str, int] | None = None) -> None:
        self.schema = schema
        self.dialect = schema.dialect
        self.names = Names(schema, optional)
        self.facts = Facts()

    def statement(self, node: Any, outer: Scope) -> Outputs:
        """Walk a statement; give the columns that it puts out, None where that is not known."""
        for kind, walk in _STATEMENTS:
            if isinstance(node, kind):
                outputs: Outputs = walk(self, node, outer)
                return outputs
        self.visit(node, outer)
        return None

    def with_clause(self, node: Any, scope: Scope) -> None:
        """Walk WITH; a recursive one knows itself by the columns that its alias names."""
        clause = node.args.get("with_")
        for cte in clause.expressions if clause else ():
            name = self.names.of(cte.args["alias"].this)
            given = self._given(cte)
            if clause.args.get("recursive"):
                scope.ctes[name] = given or None
            outputs = self.statement(cte.this, scope)
            scope.ctes[name] = (*given, *outputs[len(given) :]) if outputs is not None else None

    def _given(self, node: Any) -> tuple[str, ...]:
        alias = node.args.get("alias")
        columns = alias.args.get("columns") if alias is not None else None
        return tuple(self.names.of(column) for column in columns or () if isinstance(column, exp.Identifier))

    def _select(self, node: Any, outer: Scope) -> Outputs:
        scope = Scope(outer)
        self.with_clause(node, scope)
        start = node.args.get("from_")
        if start is not None:
            self.source(start.this, scope)
        self.joins(node, scope)
        for lateral in node.args.get("laterals") or ():
            self.source(lateral, scope)
        outputs = self.outputs(node.expressions, scope)
        scope.outputs = frozenset(self._aliases(node.expressions))
        for part in ("expressions", "where", "kind", *_LATE):
            self.visit(
                node.args.get(part), scope, output=part in _LATE or (part == "where" and self.dialect == "sqlite")
            )
        return outputs

    def joins(self, node: Any, scope: Scope) -> None:
        """Walk the joins of a SELECT, an UPDATE or a table."""
        for join in node.args.get("joins") or ():
            scope.natural = scope.natural or join.args.get("method") == "NATURAL"
            left = list(scope.sources)
            self.source(join.this, scope)
            for name in join.args.get("using") or ():
                self._using(name, left, scope)
            self.visit(join.args.get("on"), scope)

    def _using(self, node: Any, left: Sequence[From], scope: Scope) -> None:
        name = self.names.of(node)
        scope.merged.add(name)
        right = scope.sources[len(left) :]
        states = [[source.has(name, self.dialect) for source in side] for side in (left, right)]
        for number, (side, told) in enumerate(zip((left, right), states, strict=True)):
            state = OK if OK in told else UNSURE if UNSURE in told else GONE
            lost = next((source for source in side if source.table), None)
            self._note_column(node, Hit(state, lost), name, str(number))

    def outputs(self, expressions: Sequence[Any], scope: Scope) -> Outputs:
        """Give the names of a select list, None where a star stands for what nobody knows."""
        names: list[str] = []
        for item in expressions:
            star = self._star(item, scope)
            if star is None:
                return None
            names += star or [self._label(item)]
        return tuple(names)

    def _label(self, item: Any) -> str:
        if isinstance(item, exp.Alias):
            return self.names.of(item.args["alias"])
        if isinstance(item, exp.Column):
            return self.names.of(item.this)
        if isinstance(item, (exp.Dot, exp.Cast)):
            return self._label(item.expression if isinstance(item, exp.Dot) else item.this)
        if isinstance(item, exp.Identifier):
            return self.names.of(item)
        return str(item.alias_or_name or getattr(item, "key", "")).lower()

    def _aliases(self, expressions: Sequence[Any]) -> Iterator[str]:
        for item in expressions:
            if isinstance(item, (exp.Alias, exp.Column)) and not item.is_star:
                yield self._label(item)

    def _star(self, item: Any, scope: Scope) -> list[str] | None:
        """Give the columns of ``*`` or ``a.*``; an empty list where the item is none."""
        table = item.args.get("table") if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else None
        if table is None and not isinstance(item, exp.Star):
            return []
        wanted = self.names.of(table) if table is not None else None
        sources = [source for source in scope.sources if wanted in (None, source.alias)]
        if not sources or scope.merged or scope.natural or not all(source.whole for source in sources):
            return None
        return [name for source in sources for name in source.columns]

    def _union(self, node: Any, outer: Scope) -> Outputs:
        scope = Scope(outer)
        self.with_clause(node, scope)
        outputs = self.statement(node.this, scope)
        self.statement(node.expression, scope)
        for part in _LATE:
            self.visit(node.args.get(part), Scope(outer, outputs=frozenset(outputs or ())), output=True)
        return outputs

    def _subquery(self, node: Any, outer: Scope) -> Outputs:
        scope = Scope(outer)
        self.with_clause(node, scope)
        return self.statement(node.this, scope)

    def _values(self, node: Any, outer: Scope) -> Outputs:
        self.visit(node.expressions, outer)
        first = node.expressions[0] if node.expressions else None
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        return tuple(f"column{number}" for number in range(1, width + 1))

    def source(self, node: Any, scope: Scope) -> From | None:
        """Take what stands in FROM or behind JOIN into a scope."""
        found = self._source(node, scope)
        if found is not None:
            scope.sources.append(found)
        if isinstance(node, (exp.Table, exp.Subquery)):
            self.joins(node, scope)
        return found

    def _source(self, node: Any, scope: Scope) -> From | None:
        alias = self.names.of(node.args["alias"].this) if self._named(node) else ""
        if isinstance(node, exp.Table):
            return self._table(node, alias, scope)
        if isinstance(node, exp.Subquery):
            if isinstance(node.this, exp.Table):  # a join in parentheses
                self.source(node.this, scope)
                return None
            return derived(alias, self._subquery(node, scope.parent or Scope()), self._given(node))
        if isinstance(node, exp.Values):
            return derived(alias, self._values(node, scope), self._given(node))
        if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            return derived(alias, self._subquery(node.this, scope), self._given(node))
        self.visit(node.args.get("this"), scope)
        self.visit(node.args.get("expressions"), scope)
        return From(alias, self._given(node))

    @staticmethod
    def _named(node: Any) -> bool:
        alias = node.args.get("alias")
        return isinstance(alias, exp.TableAlias) and isinstance(alias.this, exp.Identifier)

    def _table(self, node: Any, alias: str, scope: Scope) -> From | None:
        if not isinstance(node.this, exp.Identifier):  # a function that gives rows
            return self._rows(node, alias, scope)
        name = self.names.of(node.this)
        alias = alias or name
        is_cte, outputs = scope.cte(name) if not node.args.get("db") else (False, None)
        if is_cte:
            return derived(alias, outputs, self._given(node))
        state, table, columns = self.names.table(node)
        shown = self.names.qualified(node)
        self.facts.note(node, Fact(state, "table", shown, "", f"table {shown}"))
        if table is not None:
            return of_table(alias, table, self._given(node))
        return derived(alias, columns, self._given(node))

    def _rows(self, node: Any, alias: str, scope: Scope) -> From:
        """Take a function in FROM."""
        self.visit(node.this, scope)
        if not isinstance(node.this, exp.Anonymous):
            return From(alias, self._given(node))
        space = node.args.get("db")
        name = self.names.of(node.this.this)
        shown = f"{self.names.of(space)}.{name}" if space is not None else name
        outputs = self.names.rows(shown)
        if self.dialect == "postgresql" and outputs is not None and not node.args.get("ordinality"):
            return derived(alias or name, outputs, self._given(node))
        return From(alias or name, self._given(node))

    def visit(self, node: Any, scope: Scope, *, output: bool = False) -> None:
        """Walk an expression. A stack of our own: a condition may be a thousand deep to the left."""
        stack = [node]
        while stack:
            here = stack.pop()
            if isinstance(here, list):
                stack += reversed(here)
            elif isinstance(here, (exp.Select, exp.SetOperation, exp.Subquery)):
                self.statement(here, scope)
            elif isinstance(here, exp.Column):
                self.column(here, scope, output=output)
            elif isinstance(here, exp.Expression):
                _values.look(self, here, scope)
                stack += [value for key, value in here.args.items() if key != "alias" and value is not None]

    def column(self, node: Any, scope: Scope, *, output: bool = False) -> Hit:
        """Look up a column and note what is found."""
        if not isinstance(node.this, exp.Identifier):
            return Hit(UNSURE)
        hit, name = self.look_up(node, scope, output=output)
        if hit.state in (GONE, AMBIGUOUS) and node.this.args.get("quoted") and self.dialect == "sqlite":
            hit = Hit(UNSURE)  # SQLite takes it for a string
        self._note_column(node, hit, name)
        return hit

    def look_up(self, node: Any, scope: Scope, *, output: bool = False) -> tuple[Hit, str]:
        """Look up a column without a note."""
        name, table = self.names.of(node.this), node.args.get("table")
        if table is None:
            return plain(scope, name, self.dialect, output=output), name
        return qualified(scope, self.names.of(table), name, self.dialect), name

    def _note_column(self, node: Any, hit: Hit, name: str, part: str = "") -> None:
        table = hit.source.table.name if hit.source and hit.source.table else ""
        shown = f"column {table}.{name}" if table else f"column {name}"
        self.facts.note(node, Fact(hit.state, "column", table, name, shown), part)

    def target(self, node: Any, scope: Scope) -> From:
        """Take the table that a statement writes to."""
        inner = node.this if isinstance(node, exp.Schema) else node
        found = self.source(inner, scope) if isinstance(inner, exp.Table) else None
        return found or From("")

    def _insert(self, node: Any, outer: Scope) -> Outputs:
        scope = Scope(outer)
        self.with_clause(node, scope)
        source = node.args.get("expression")
        into = Scope(scope)
        target = self.target(node.this, into)
        columns = node.this.expressions if isinstance(node.this, exp.Schema) else []
        for column in columns:
            self.written(column, target)
        listed = [self.names.of(column) for column in columns if isinstance(column, exp.Identifier)]
        outputs = self.statement(source, scope) if source is not None else None
        _values.inserted(self, node, target, listed, outputs)
        self._conflict(node.args.get("conflict"), target, into)
        return self._returning(node, into)

    def written(self, node: Any, target: From) -> None:
        """Look up a column that is written to: of the target alone."""
        if isinstance(node, exp.Column):
            node = node.this
        if isinstance(node, (exp.Tuple, exp.Paren)):
            for each in node.expressions or [node.this]:
                self.written(each, target)
        elif isinstance(node, exp.Identifier):
            name = self.names.of(node)
            self._note_column(node, Hit(target.has(name, self.dialect), target), name)

    def _assigned(self, assignments: Sequence[Any], target: From, scope: Scope) -> None:
        for item in assignments:
            if not isinstance(item, exp.EQ):
                self.visit(item, scope)
                continue
            left = item.this
            if isinstance(left, exp.Column) and left.args.get("table") is not None:
                self.column(left, scope)  # MySQL's UPDATE of several tables
            else:
                self.written(left, target)
            _values.assigned(self, left, item.expression, target)
            self.visit(item.expression, scope)

    def _conflict(self, node: Any, target: From, scope: Scope) -> None:
        if node is None:
            return
        _values.conflict(self, node, target)
        for each in node.args.get("conflict_keys") or ():
            self.visit(each, scope)
        inner = Scope(scope)
        if self.dialect != "mysql":
            inner.sources.append(
                From("excluded", target.columns, target.whole, target.dropped, target.table, apart=True)
            )
        self._assigned(node.expressions or (), target, inner)
        self.visit(node.args.get("where"), inner)
        self.visit(node.args.get("index_predicate"), scope)

    def _returning(self, node: Any, scope: Scope) -> Outputs:
        clause = node.args.get("returning")
        if clause is None:
            return ()
        self.visit(clause.expressions, scope)
        return self.outputs(clause.expressions, scope)

    def _update(self, node: Any, outer: Scope) -> Outputs:
        scope = Scope(outer)
        self.with_clause(node, scope)
        target = self.target(node.this, scope)
        start = node.args.get("from_")
        if start is not None:
            self.source(start.this, scope)
        self.joins(node, scope)
        self._assigned(node.expressions, target, scope)
        for part in ("where", "order", "limit"):
            self.visit(node.args.get(part), scope)
        return self._returning(node, scope)

    def _delete(self, node: Any, outer: Scope) -> Outputs:
        scope = Scope(outer)
        self.with_clause(node, scope)
        self.target(node.this, scope)
        for source in node.args.get("using") or ():
            self.source(source, scope)
        self.joins(node, scope)
        for part in ("where", "order", "limit"):
            self.visit(node.args.get(part), scope)
        return self._returning(node, scope)

    def _merge(self, node: Any, outer: Scope) -> Outputs:
        scope = Scope(outer)
        self.with_clause(node, scope)
        target = self.target(node.this, scope)
        self.source(node.args["using"], scope)
        self.visit(node.args.get("on"), scope)
        for when in node.args["whens"].expressions:
            self.visit(when.args.get("condition"), scope)
            then = when.args.get("then")
            if isinstance(then, exp.Update):
                self._assigned(then.expressions, target, scope)
            elif isinstance(then, exp.Insert):
                self.written(then.this, target)
                self.visit(then.args.get("expression"), scope)
        return self._returning(node, scope)


_STATEMENTS: tuple[tuple[Any, Any], ...] = (
    (exp.Select, Resolver._select),  # noqa: SLF001 - a table of its own methods
    (exp.SetOperation, Resolver._union),  # noqa: SLF001
    (exp.Subquery, Resolver._subquery),  # noqa: SLF001
    (exp.Values, Resolver._values),  # noqa: SLF001
    (exp.Insert, Resolver._insert),  # noqa: SLF001
    (exp.Update, Resolver._update),  # noqa: SLF001
    (exp.Delete, Resolver._delete),  # noqa: SLF001
    (exp.Merge, Resolver._merge),  # noqa: SLF001
)
