"""Fill in commands: a framework's own way back, and the redeploy of the policy, with exact versions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gatepost.paths import parent

if TYPE_CHECKING:
    from gatepost.migrations import Framework, History, Migration

_DRIVERS = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite3"}
# Names come from the pushed tree, and a command is made of them: nothing that a tool or a shell reads otherwise.
_HARMLESS = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_./@+:-]{0,250}")
_FIELD = re.compile(r"\{([a-z_]{1,20})\}")


def framework(name: str) -> Framework | None:
    """Give a framework by its name."""
    from gatepost.migrations import frameworks

    return next((found for found in frameworks() if found.name == name), None)


def undo(history: History, template: str = "") -> tuple[str, ...] | None:
    """Give the commands that undo what is new in a history, in their order; None where they are not known.

    ``template`` is that of the policy, which wins over the framework's own.
    """
    from gatepost.migrations import Undo

    known = framework(history.place.framework)
    way = Undo(template, each="{version}" in template or "{file}" in template) if template else known and known.undo
    if not way:
        return None
    new, before = history.new, last(history)
    if way.each:
        made = [_filled(way.command, _values(history, before, one)) for one in reversed(new)]
    else:
        if history.head[-len(new) :] != new:
            return None  # what is new lies between what is applied: "back to" would undo more
        command = way.command if before or template else way.first or way.command
        made = [_filled(command, _values(history, before, new[0]))]
    return None if any(command is None for command in made) else tuple(command for command in made if command)


def unknown(history: History, template: str = "") -> str:
    """Say why there are no commands that undo what is new in a history."""
    name = history.place.framework
    known = framework(name)
    if not template and (known is None or known.undo is None):
        return f"{name}: it has no command that goes back; [rollback] undo names one that does"
    if history.head[-len(history.new) :] != history.new:
        return f"{name}: what is new lies between what is applied; going back to before it would undo more"
    return f"{name}: a version has a name that no command is made of"


def last(history: History) -> Migration | None:
    """Give the newest migration that the base has, as the tool counts it."""
    found = [one for one in history.base if one.kind in ("versioned", "merge", "baseline")]
    return found[-1] if found else None


def version_query(history: History) -> str:
    """Give the query that asks the framework's bookkeeping what is applied, "" where it cannot be asked so."""
    known = framework(history.place.framework)
    if known is None or known.undo is None or not known.undo.version:
        return ""
    query = _filled(known.undo.version, {"app": _app(history)}, quote=False) or ""
    return query.replace('"', "`") if history.place.dialect == "mysql" else query


def note(history: History) -> str:
    """Give what has to be known of the framework's way back."""
    known = framework(history.place.framework)
    return known.undo.note if known and known.undo else ""


def ahead(history: History) -> str:
    """Say what old code does on a database that is ahead of it, "" where it does not mind."""
    known = framework(history.place.framework)
    return known.undo.ahead if known and known.undo else ""


def redeploy(template: str, oid: str, ref: str) -> str:
    """Give the policy's command for an exact object; PolicyError-free: what is unknown stays as it is."""
    return _filled(template, {"oid": oid, "short": oid[:12], "ref": ref}) or template


def same_version(one: str, two: str) -> bool:
    """Tell whether two spellings name one version: ``0002`` and ``2``, ``2024-01-02-000000`` and ``20240102000000``."""
    return _spelled(one) == _spelled(two)


def _spelled(version: str) -> str:
    text = re.sub(r"\.(?:js|ts|cjs|mjs|php|py|sql)$", "", version.strip())
    digits = text.replace("-", "").replace("_", "")
    if digits.isascii() and digits.isdigit():
        return digits.lstrip("0")
    return text


def _values(history: History, before: Migration | None, one: Migration) -> dict[str, str]:
    return {
        "directory": history.place.root or ".",
        "driver": _DRIVERS.get(history.place.dialect or one.dialect, ""),
        "app": _app(history),
        "before": before.version if before else "0",
        "before_name": _stem(before.path) if before else "0",
        "first": history.new[0].version,
        "count": str(len(history.new)),
        "version": one.version,
        "name": one.name,
        "file": one.path.rpartition("/")[2],
        "framework": history.place.framework,
    }


def _app(history: History) -> str:
    return parent(history.place.root).rpartition("/")[2]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _filled(template: str, values: Mapping[str, str], *, quote: bool = True) -> str | None:
    """Fill a template in; None where a value is missing or could be read as something else than a name."""
    wanted = [name for name in _FIELD.findall(template) if name in values]
    if any(not _HARMLESS.fullmatch(values[name]) for name in wanted):
        return None
    put = shlex.quote if quote else str
    return _FIELD.sub(lambda found: put(values[found[1]]) if found[1] in values else found[0], template)
