"""Show what the services of the fleet use, and who uses a package."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timezone
from pathlib import Path

from gatepost.checks import _fleet_read as reading
from gatepost.checks import _fleet_table as table
from gatepost.checks._fleet import Stock
from gatepost.checks._fleet_judge import Judge
from gatepost.checks._fleet_settings import expectations, fleet_of
from gatepost.errors import PASS, UNKNOWN, UsageError
from gatepost.gate import read_policy
from gatepost.git import Repository, make_change
from gatepost.model import printable
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", choices=("update", "show", "why"), help="read anew; the matrix; one package")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="why: a package, or its package URL")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository whose policy names the fleet")
    parser.add_argument("--policy", metavar="FILE", help="a policy that wins over the tree's, as on a server")
    parser.add_argument("--format", default="text", choices=("text", "json", "html", "cyclonedx"))
    parser.add_argument("--all", action="store_true", help="show: also packages that all have in one version")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="update: write the snapshot for clients; else the answer"
    )


def main(args: argparse.Namespace) -> int:
    """Read the fleet and answer; 3 where a service could not be read."""
    if (args.action == "why") != bool(args.name):
        raise UsageError("why needs the name of a package" if not args.name else f"{args.action} takes no name")
    if args.format == "cyclonedx" and args.action != "show":
        raise UsageError(f"{args.action} writes no CycloneDX", "gatepost fleet show --format cyclonedx")
    problems: list[str] = []
    with Repository(args.repo, own=args.repo == ".") as repo:
        stocks, court = _fleet(repo, args, problems)
        answer = _bom(repo, stocks) if args.format == "cyclonedx" else _answer(args, stocks, court)
    _write(answer, args.output)
    for problem in problems:
        sys.stderr.write(f"gatepost: {printable(problem, 300)}\n")
    return UNKNOWN if problems else PASS


def _fleet(repo: Repository, args: argparse.Namespace, problems: list[str]) -> tuple[list[Stock], Judge]:
    change = make_change(repo, "HEAD", "HEAD")
    policy, _ = read_policy(change, Path(args.policy) if args.policy else None)
    fleet = fleet_of(policy, repo, change.base)
    cache = reading.Cache(reading.cache_file(repo))
    if args.action != "update":
        cache = reading.Cache.load(cache.file)
    stocks = reading.stocks(repo, change.head, fleet.service, cache, problems)
    cache.save()
    if fleet.snapshot and not fleet.service:
        stocks += reading.load(change.base.read(fleet.snapshot))
    expected = expectations(fleet.expect, change.base, problems)
    return stocks, Judge(stocks, expected, datetime.now(timezone.utc).date())


def _bom(repo: Repository, stocks: list[Stock]) -> str:
    from gatepost.checks import _fleet_bom

    name = repo.path.absolute().name.removesuffix(".git")
    head = make_change(repo, "HEAD", "HEAD").head
    return _fleet_bom.write(Stock(name or "repository", tuple(reading.uses(head, ""))), stocks)


def _answer(args: argparse.Namespace, stocks: list[Stock], court: Judge) -> str:
    from gatepost.reports.json import dumps

    if args.action == "update":
        if args.output:
            return reading.dump(stocks)
        counts = {stock.service: len(stock.uses) for stock in stocks}
        if args.format == "json":
            return dumps({"services": counts}) + "\n"
        return "".join(f"{printable(name, 60)}: {count} packages\n" for name, count in counts.items())
    if args.action == "why":
        found = table.why(court, args.name)
        return dumps(found) + "\n" if args.format == "json" else table.why_text(found, args.name)
    services = [stock.service for stock in stocks]
    rows = table.rows(stocks, court, every=args.all)
    if args.format == "json":
        return dumps({"services": services, "packages": rows}) + "\n"
    return table.html(rows, services) if args.format == "html" else table.text(rows, services)


def _write(text: str, output: str | None) -> None:
    if not output:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{printable(output)}: {error.strerror}") from None


VERB = Verb("fleet", "show what the services of the fleet use, and who uses a package", add_arguments, main)
