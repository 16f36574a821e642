"""Show the fleet: packages by services, and all that is known of one package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from gatepost.checks._fleet import Stock, Use
from gatepost.checks._fleet_judge import Judge, spread
from gatepost.lockfiles._ranges import disjoint, parse
from gatepost.model import printable

WIDTH = 18
ROWS = 60


def rows(stocks: Sequence[Stock], court: Judge, *, every: bool) -> list[dict[str, Any]]:
    """Give a row for each package whose versions differ between services, or for every direct one."""
    told = list(spread(court.index))
    if every:
        known = {(ecosystem, name) for ecosystem, name, _ in told}
        for (ecosystem, name), users in sorted(court.index.items()):
            direct = [(stock, use) for stock, use in users if use.direct]
            if direct and (ecosystem, name) not in known:
                told.append((ecosystem, name, direct))
    names = [stock.service for stock in stocks]
    return [_row(ecosystem, name, users, names) for ecosystem, name, users in told]


def _row(ecosystem: str, name: str, users: list[tuple[Stock, Use]], services: list[str]) -> dict[str, Any]:
    cells: dict[str, Any] = dict.fromkeys(services)
    for stock, use in users:
        cells[stock.service] = {"versions": list(use.versions), "range": use.range or None, "scope": use.scope}
    return {"ecosystem": ecosystem, "name": name, "conflict": _conflict(ecosystem, users), "services": cells}


def _conflict(ecosystem: str, users: list[tuple[Stock, Use]]) -> bool:
    ranges = [parse(ecosystem, use.range) for _, use in users if use.range and use.scope == "prod"]
    return any(disjoint(a, b) for at, a in enumerate(ranges) for b in ranges[at + 1 :])


def text(found: Sequence[dict[str, Any]], services: Sequence[str]) -> str:
    """Write the matrix for a terminal."""
    if not services:
        return "no service is configured: name them under [[fleet.service]] in gatepost.toml, or in fleet.toml\n"
    if not found:
        return f"{len(services)} services, and no package that they ask for in different versions\n"
    heads = [_cut(service) for service in services]
    lines = [f"{'package':<40}" + "".join(f"{head:<{WIDTH}}" for head in heads)]
    for row in found[:ROWS]:
        cells = [_cut(_cell(row["services"].get(service))) for service in services]
        name = printable(f"{row['ecosystem']}/{row['name']}", 37) + (" !" if row["conflict"] else "")
        lines.append(f"{name:<40}" + "".join(f"{cell:<{WIDTH}}" for cell in cells))
    if len(found) > ROWS:
        lines.append(f"and {len(found) - ROWS} more: --format json has them all")
    lines.append("! ranges for production that have nothing in common; why: gatepost fleet why NAME")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _cell(cell: dict[str, Any] | None) -> str:
    if not cell:
        return "-"
    return ", ".join(cell["versions"]) or str(cell["range"] or "?")


def _cut(value: str) -> str:
    return printable(value, WIDTH - 2)


def html(found: Sequence[dict[str, Any]], services: Sequence[str]) -> str:
    """Write the matrix as a table of HTML, nothing loaded from elsewhere."""
    return "\n".join(_html(found, services)) + "\n"


def _html(found: Sequence[dict[str, Any]], services: Sequence[str]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><meta charset="utf-8"><title>Fleet</title>'
    yield "<style>body{font:15px system-ui}td,th{padding:.2em .6em;text-align:left;border-bottom:1px solid #ddd}"
    yield "tr.conflict td:first-child{font-weight:bold;color:#a00}</style>"
    heads = "".join(f"<th>{escape(printable(service, 60))}</th>" for service in services)
    yield f"<table><tr><th>package</th>{heads}</tr>"
    for row in found:
        cells = "".join(
            f"<td>{escape(printable(_cell(row['services'].get(service)), 80))}</td>" for service in services
        )
        kind = ' class="conflict"' if row["conflict"] else ""
        yield f"<tr{kind}><td>{escape(printable(row['ecosystem'] + '/' + row['name'], 120))}</td>{cells}</tr>"
    yield "</table></html>"


def why(court: Judge, name: str) -> list[dict[str, Any]]:
    """Give every use of a package, by its name or package URL."""
    from gatepost.checks._fleet import from_purl

    ecosystem, bare = from_purl(name) if name.startswith("pkg:") else ("", name)
    found = []
    for (kind, known), users in sorted(court.index.items()):
        if known == bare and (not ecosystem or kind == ecosystem):
            expect = court.expected.get((kind, known))
            wanted = {"range": expect.range, "because": expect.because, "owner": expect.owner} if expect else None
            uses = [{"service": None if stock.hidden else stock.service, **_use(use, stock)} for stock, use in users]
            found.append({"ecosystem": kind, "name": known, "expected": wanted, "uses": uses})
    return found


def _use(use: Use, stock: Stock) -> dict[str, Any]:
    where = "" if stock.hidden else use.where
    return {
        "versions": list(use.versions),
        "range": use.range or None,
        "scope": use.scope,
        "direct": use.direct,
        "where": where,
    }


def why_text(found: Sequence[dict[str, Any]], name: str) -> str:
    """Write every use of a package for a terminal."""
    if not found:
        return f"{printable(name, 80)}: no service uses it\n"
    lines = []
    for package in found:
        lines.append(f"{package['ecosystem']}/{printable(package['name'], 80)}")
        expected = package["expected"]
        if expected:
            lines.append(
                f"  expected {printable(expected['range'], 60)} {printable(expected['because'], 100)}".rstrip()
            )
        for use in package["uses"]:
            service = printable(use["service"] or "(not shown)", 30)
            version = printable(", ".join(use["versions"]) or "?", 40)
            asked = (
                f"asks {printable(use['range'], 40)} in {printable(use['where'], 80)}"
                if use["direct"]
                else "transitive"
            )
            lines.append(f"  {service:<30} {version:<20} {use['scope']:<9} {asked}")
    return "\n".join(lines) + "\n"
