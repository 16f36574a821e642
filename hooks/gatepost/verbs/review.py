"""See what is open, and sign it: reviews travel to the server by an ordinary push."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from gatepost import blobs, records, reviews
from gatepost.entry.names import INBOX
from gatepost.errors import BLOCK, PASS, UsageError
from gatepost.git import Repository, failure
from gatepost.model import printable
from gatepost.records import Record
from gatepost.reviews import Action
from gatepost.verbs import Verb

LISTED = 1000
PAGES = ("markdown", "html")
KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", choices=("list", "show", *reviews.ACTIONS))
    parser.add_argument("what", nargs="?", default="", metavar="COMMIT", help="a commit that list names, or its start")
    parser.add_argument("--repo", default=".", metavar="DIR", help="a clone, or the server's repository")
    parser.add_argument("--remote", default="", help="the server (default: origin, else the repository itself)")
    parser.add_argument(
        "--key", metavar="FILE", help="the SSH key to sign with (default: user.signingKey, ~/.ssh/id_*)"
    )
    parser.add_argument("--reason", default="", help="why; an override needs one")
    parser.add_argument("--expires", default="7d", metavar="DAYS", help="how long it counts, at most 30d (default: 7d)")
    parser.add_argument("--no-fetch", action="store_true", help="take the records as they are here")
    parser.add_argument(
        "--format",
        default="text",
        choices=("text", "json", "markdown", "html"),
        help="show: the stored report as a page",
    )


def main(args: argparse.Namespace) -> int:
    """List, show or sign."""
    if args.format in PAGES and args.action != "show":
        raise UsageError(f"--format {args.format} is for show", "gatepost review show COMMIT")
    with Repository(args.repo) as repo:
        remote = args.remote or _remote(repo)
        if remote != "." and not args.no_fetch:
            repo.run("fetch", "--quiet", remote, f"+{records.REF}:{records.REF}")
        if args.action == "list":
            return _list(repo, args.format)
        record = verdict_of(repo, args.what)
        if args.format in PAGES:
            sys.stdout.write(page(record, args.format))
            return PASS
        if args.action == "show":
            _write(args.format, record, _shown(repo, record, remote))
            return PASS
        return _sign(repo, remote, record, args)


def page(record: Record, form: str) -> str:
    """Write the report that a record holds as a page for people."""
    from gatepost import reports
    from gatepost.reports._recorded import report_of

    report = report_of(record)
    if report is None:
        raise UsageError(f"a record of kind {printable(str(record['kind']), 40)} holds no report", "--format json")
    return reports.get(form).render(report)


def waiting(repo: Repository) -> list[Record]:
    """Give what is open, oldest first: each finding with the ref and the commit of the push that it came with."""
    found: dict[tuple[str, str], Record] = {}
    settled: dict[tuple[str, str], Record] = {}
    for record in reversed(records.log(repo, LISTED)):
        ref = str(record.get("ref"))
        if record["kind"] == "verdict":
            if record.get("landed") and record.get("deploy") and record.get("reviewed"):
                found, settled = ({k: item for k, item in items.items() if k[0] != ref} for items in (found, settled))
            for item in _opened(record):
                found.setdefault((ref, item["fingerprint"]), {**item, "ref": ref})["commit"] = record["commit"]
        elif record["kind"] == "review":
            for name in record.get("findings", ()):
                if record.get("action") == "approve" and not _expired(record):
                    settled |= {key: found.pop(key) for key in [(ref, name)] if key in found}
                    continue
                if (ref, name) in settled:
                    found[ref, name] = settled.pop((ref, name))
                if (ref, name) in found:
                    word = "rejected" if record.get("action") == "reject" else "an approval that expired,"
                    found[ref, name]["why"] = f"{word} by {record.get('signer')}"
    return list(found.values())


def _opened(record: Record) -> list[Record]:
    items = reviews.open_items(record)
    if record.get("landed"):
        return items
    pending = any(finding["rule"] == "gate/review-pending" for finding in record.get("findings", ()))
    return items if pending else []


def _expired(record: Record) -> bool:
    return str(record.get("expires", "")) <= records.now()


def _list(repo: Repository, form: str) -> int:
    items = waiting(repo)
    lines = []
    for item in items:
        why = f" ({item['why']})" if item.get("why") else ""
        place = f"{printable(str(item['path']))}:{item['line']}"
        lines.append(f"{item['commit'][:12]} {printable(str(item['ref']), 60)} {place}: {item['rule']}{why}")
        lines.append(f"    {printable(str(item['message']), 300)}")
    lines.append(
        f"{len(items)} open; gatepost review show COMMIT, then approve or reject" if items else "nothing is open"
    )
    _write(form, {"open": items}, lines)
    return PASS


def verdict_of(repo: Repository, what: str) -> Record:
    """Give the newest verdict record of a commit that is named in full or by its start."""
    if len(what) < 4:
        raise UsageError("name the commit", "gatepost review list shows them")
    oid = repo.resolve(what) or what
    for record in records.log(repo, LISTED):
        if record["kind"] == "verdict" and str(record["commit"]).startswith(oid.lower()):
            return record
    raise UsageError(f"{printable(what, 60)}: no verdict is recorded for it here", "git fetch, or gatepost review list")


def _shown(repo: Repository, record: Record, remote: str) -> list[str]:
    change, ref = record["change"], str(record.get("ref"))
    base = str(change.get("base") or "nothing")[:12]
    span = f"{base}..{str(change['head'])[:12]}"
    landed = "landed" if record.get("landed") else "refused"
    lines = [f"{printable(ref)}: {span}, {change.get('commits')} commits, verdict {record.get('verdict')}, {landed}"]
    for item in reviews.open_items(record) or reviews.blocking(record):
        lines.append(f"{printable(str(item['path']))}:{item['line']}: {item['level']} {item['rule']}")
        lines.append(f"    {printable(str(item['message']), 600)}")
        decided = reviews.decided(repo, ref, str(item["fingerprint"]), len(str(record["commit"])))
        if decided:
            lines.append(f"    {decided['action']} by {decided['signer']}: {printable(str(decided['reason']), 200)}")
    if change.get("base"):
        lines += _difference(repo, str(change["base"]), str(change["head"]), remote, landed)
    lines.append(f"sign: gatepost review approve {str(record['commit'])[:12]}")
    return lines


def _difference(repo: Repository, base: str, head: str, remote: str, landed: str) -> list[str]:
    """Say how to see what changed: a refused commit is on no server until its author pushes it to a branch."""
    diff = f"git diff {base[:12]} {head[:12]}"
    if repo.resolve(base) and repo.resolve(head):
        return [f"what changed: {diff}"]
    server = "origin" if remote == "." else printable(remote)
    if landed == "landed" or repo.resolve(head):
        return [f"what changed: git fetch {server} && {diff}"]
    branch = f"refs/heads/review/{head[:12]}"
    fetch = "" if remote == "." else f"git fetch {server} {branch} && "
    return [
        f"what changed: {head[:12]} is not here, for it was refused; the author pushes it to a branch that is not",
        f"    protected: git push {server} {head}:{branch}",
        f"    then: {fetch}{diff}",
    ]


def _sign(repo: Repository, remote: str, record: Record, args: argparse.Namespace) -> int:
    action: Action = args.action
    statement = reviews.new_statement(action, record, days=_days(args.expires), reason=args.reason)
    raw = reviews.sign(statement, key_of_user(repo, args.key))
    blob = blobs.write(repo, raw)
    code, _, err = repo.attempt("push", "--quiet", remote, f"{blob}:{INBOX}{statement.id}")
    said = [line.removeprefix("remote: ").rstrip() for line in err.decode(errors="replace").splitlines()]
    if code and not any(line.startswith("{") for line in said):
        raise failure(err, "git push", "is the remote a repository with gatepost installed?")
    text = f"{action}: {len(statement.findings)} findings of {statement.new[:12]} on {statement.ref}"
    lines = [printable(line, 4000) for line in said if line] + ([] if code else [f"{text}, until {statement.expires}"])
    _write(args.format, {"statement": statement.id, "accepted": not code, "said": said}, lines)
    return BLOCK if code else PASS


def _days(text: str) -> float:
    number = text.removesuffix("d")
    if not number.isascii() or not number.replace(".", "", 1).isdigit() or not 0 < float(number) <= 30:
        raise UsageError(f"--expires {printable(text, 40)}: not between 0 and 30 days", "for example --expires 7d")
    return float(number)


def key_of_user(repo: Repository, given: str | None) -> Path:
    """Give the SSH key to sign with: the one named, git's, or the usual ones."""
    if given:
        return Path(given).expanduser()
    code, out, _ = repo.attempt("config", "--get", "--type=path", "user.signingKey")
    named = Path(out.decode(errors="replace").strip()) if code == 0 else None
    if named and named.is_file():
        return named
    home = Path.home() / ".ssh"
    found = next((home / name for name in KEYS if (home / name).is_file()), None)
    if found is None:
        raise UsageError("no SSH key to sign with", "ssh-keygen -t ed25519 makes one; or give --key FILE")
    return found


def _remote(repo: Repository) -> str:
    listed = repo.text("remote").split()
    return "origin" if "origin" in listed else listed[0] if listed else "."


def _write(form: str, data: Any, lines: list[str]) -> None:
    if form == "json":
        from gatepost.reports.json import dumps, plain

        lines = [dumps(plain(data))]
    sys.stdout.write("".join(line + "\n" for line in lines))


VERB = Verb("review", "see what is open, approve or reject it with an SSH signature", add_arguments, main)
