"""Read Liquibase changelogs in XML, YAML and JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from gatepost.migrations import Script, Scripts, Sql, _liquibase_changes, _sqltext
from gatepost.migrations._liquibase_changes import Node
from gatepost.migrations._liquibase_sql import ChangeSet
from gatepost.migrations._look import Unreadable

LIMIT = 5 * 1024 * 1024
DEPTH = 60


def read(text: str, path: str, dialect: str) -> Iterator[ChangeSet]:
    """Give the changesets of a changelog. Raises Unreadable."""
    if len(text) > LIMIT:
        raise Unreadable(path, f"is larger than {LIMIT} characters", "split the changelog")
    if path.lower().endswith(".xml"):
        top = _xml(text, path)
    elif path.lower().endswith(".json"):
        top = _tree("databaseChangeLog", _json(text, path), path)
    else:
        top = _tree("databaseChangeLog", _yaml(text, path), path)
    for node in _all(top, "changeSet"):
        yield _changeset(node, path, dialect)


def _all(node: Node, name: str, depth: int = 0) -> Iterator[Node]:
    for child in node.children:
        if child.name == name:
            yield child
        elif depth < DEPTH:
            yield from _all(child, name, depth + 1)


def _changeset(node: Node, path: str, dialect: str) -> ChangeSet:
    version = f"{node.values.get('author', '')}:{node.values.get('id', '')}"
    repeatable = any(node.values.get(key, "").lower() == "true" for key in ("runOnChange", "runAlways"))
    digest = hashlib.sha256(repr(node.plain()).encode("utf-8", "replace")).hexdigest()
    return ChangeSet(version, digest, lambda: _scripts(node, path, dialect), repeatable)


NO_CHANGE = ("rollback", "preConditions", "comment", "validCheckSum", "property", "modifySql", "tagDatabase")


def _scripts(node: Node, path: str, dialect: str) -> Scripts:
    changes = [child for child in node.children if child.name not in NO_CHANGE]
    steps, certain = _steps(changes, dialect)
    transaction = node.values.get("runInTransaction", "true").lower() != "false"
    state = "ok" if steps or not certain else "empty"
    reason = "" if changes else "it holds no change"
    up = Script(path, steps, dialect, transaction, node.line, state, reason, certain=certain)  # type: ignore[arg-type]
    declared = _sqltext.marker("-- " + _comment(node), path, node.line)
    return Scripts(up, _down(node, changes, path, dialect, transaction), declared)


def _comment(node: Node) -> str:
    texts = [child.text or child.values.get("comment", "") for child in node.named("comment")]
    return " ".join([*texts, node.values.get("comment", "")])


def _steps(changes: list[Node], dialect: str) -> tuple[tuple[Any, ...], bool]:
    steps: list[Any] = []
    certain = True
    for change in changes:
        found = _liquibase_changes.operations(change, dialect)
        certain = certain and found is not None
        steps += found or ()
    return tuple(steps), certain


def _down(node: Node, changes: list[Node], path: str, dialect: str, transaction: bool) -> Script | None:
    written = node.named("rollback")
    if written:
        return _written(written, path, dialect, transaction)
    steps: list[Any] = []
    for change in reversed(changes):
        back = _liquibase_changes.inverse(change, dialect)
        if back is None:
            return None
        steps += back
    return Script(path, tuple(steps), dialect, transaction, node.line, "ok" if changes else "empty")


def _written(nodes: list[Node], path: str, dialect: str, transaction: bool) -> Script:
    steps: list[Any] = []
    certain = True
    for node in nodes:
        text = node.text.strip() or node.values.get("sql", "")
        if text and text.lower().rstrip(";").strip() not in ("empty", "not required"):
            steps.append(Sql(text, node.line))
        if node.values.get("changeSetId"):
            certain = False
        found, sure = _steps(node.children, dialect)
        steps += found
        certain = certain and sure
    if not steps and certain:
        return Script(path, (), dialect, transaction, nodes[0].line, "empty", "its rollback is empty")
    sql = [step for step in steps if isinstance(step, Sql)]
    if certain and len(sql) == len(steps):
        state, reason = _sqltext.state(";\n".join(step.text for step in sql))
        return Script(path, tuple(steps), dialect, transaction, nodes[0].line, state, reason)
    return Script(path, tuple(steps), dialect, transaction, nodes[0].line, certain=certain)


def _xml(text: str, path: str) -> Node:
    """Read XML with expat, which refuses no entity by itself: a document type is refused here."""
    from xml.parsers import expat

    top = Node("")
    stack = [top]
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise Unreadable(path, "declares a document type", "remove the DOCTYPE")

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > DEPTH:
            raise Unreadable(path, "is nested too deeply", "flatten it", parser.CurrentLineNumber)
        node = Node(name.rpartition(":")[2], attributes, line=parser.CurrentLineNumber)
        stack[-1].children.append(node)
        stack.append(node)

    def end(_: str) -> None:
        stack.pop()

    def data(piece: str) -> None:
        stack[-1].text += piece

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.buffer_text = True
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise Unreadable(
            path, f"is no XML: {expat.ErrorString(error.code)}", "mend the file", getattr(error, "lineno", 1)
        ) from None
    return top


def _json(text: str, path: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(path, f"is no JSON: {str(error)[:80]}", "mend the file", getattr(error, "lineno", 1)) from None


def _yaml(text: str, path: str) -> Any:
    try:
        import yaml
    except ModuleNotFoundError:
        raise Unreadable(
            path, "is YAML, which needs an extra", "install it: pip install 'gatepost[frameworks]'"
        ) from None
    try:
        return _Numbered(yaml, text).value
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise Unreadable(path, f"is no YAML: {getattr(error, 'problem', None) or 'damaged'}", "mend it", line) from None


class _Numbered:
    """YAML composed without constructing anything, every mapping with its line; aliases are refused."""

    def __init__(self, yaml: Any, text: str) -> None:
        self.yaml = yaml
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        self.seen: set[int] = set()
        self.value = self._value(node) if node is not None else {}

    def _value(self, node: Any) -> Any:
        if id(node) in self.seen and not isinstance(node, self.yaml.ScalarNode):
            raise ValueError("uses aliases")
        self.seen.add(id(node))
        if isinstance(node, self.yaml.MappingNode):
            made = {str(key.value): self._value(value) for key, value in node.value}
            made["\0line"] = node.start_mark.line + 1
            return made
        if isinstance(node, self.yaml.SequenceNode):
            return [self._value(value) for value in node.value]
        return node.value


def _tree(name: str, value: Any, path: str, depth: int = 0) -> Node:
    """Turn mappings and lists into nodes: a scalar is a value, everything else a child."""
    if depth > DEPTH:
        raise Unreadable(path, "is nested too deeply", "flatten it")
    node = Node(name)
    if isinstance(value, Mapping):
        node.line = int(value.get("\0line", 1))
        for key, inner in value.items():
            if key == "\0line":
                continue
            if isinstance(inner, (Mapping, list)):
                made = _tree(key, inner, path, depth + 1)
                node.children += made.children if key in ("changes", "columns") else [made]
            else:
                node.values[key] = _scalar(inner)
                if key in ("sql", "rollback", "comment"):
                    node.children.append(Node(key, {}, _scalar(inner), line=node.line))
    elif isinstance(value, list):
        for inner in value:
            made = _tree(name, inner, path, depth + 1)
            node.children += made.children if isinstance(inner, Mapping) else []
            node.text += _scalar(inner) + "\n" if not isinstance(inner, (Mapping, list)) else ""
        node.line = node.children[0].line if node.children else 1
    else:
        node.text = _scalar(value)
    return node


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
