"""Reviews and overrides: statements signed with an SSH key, checked by the server against its own list.

A statement names repository, ref, old, new, tree, the findings' fingerprints and a day on which it
expires. It is found again by the fingerprints: a rebase keeps a review, a change of the delta voids it.
Who may sign stands in ``gatepost.signers`` in the server's repository (see ALLOWED SIGNERS in
ssh-keygen(1)): reviews in the namespace ``gatepost``, overrides in ``gatepost-override``, and those only
with keys whose line names that namespace.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal, Protocol

from gatepost.errors import CannotJudge, GatepostError, UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.records import Draft, Record, read, repository_id

Action = Literal["approve", "reject", "override"]
ACTIONS: tuple[Action, ...] = ("approve", "reject", "override")
SIGNERS = "gatepost.signers"
EXAMPLE = 'dana@example.org namespaces="gatepost" ssh-ed25519 AAAA...'
NAMESPACE = "gatepost"
OVERRIDE_NAMESPACE = "gatepost-override"
LIMIT = 256 * 1024
LONGEST = timedelta(days=30)
_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a reviewer signs. ``rules`` and a reason are what an override needs besides."""

    action: Action
    id: str
    repository: str
    ref: str
    old: str | None
    new: str
    tree: str | None
    findings: tuple[str, ...]
    at: str
    expires: str
    reason: str = ""
    rules: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        """The namespace of the signature."""
        return OVERRIDE_NAMESPACE if self.action == "override" else NAMESPACE

    def text(self) -> bytes:
        """Give the bytes that are signed: JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    def expired(self, at: datetime | None = None) -> bool:
        """Tell whether it no longer counts."""
        return moment(self.expires) <= (at or datetime.now(timezone.utc))


class Signed(Protocol):
    """What can be signed: a statement of a reviewer's, or of somebody who has run a rollback."""

    @property
    def action(self) -> str:
        """What it does."""

    @property
    def namespace(self) -> str:
        """The namespace of the signature."""

    def text(self) -> bytes:
        """Give the bytes that are signed."""


class Refused(GatepostError):
    """Say why the server does not take a statement."""

    rule = "gate/ref-refused"
    exit_code = 1


def new_statement(action: Action, about: Mapping[str, Any], *, days: float, reason: str = "") -> Statement:
    """Make a statement about a verdict record: its open findings, or for an override its errors."""
    at = datetime.now(timezone.utc)
    items = blocking(about) if action == "override" else open_items(about)
    if not items:
        raise UsageError("nothing in this verdict waits for that", "gatepost review list shows what is open")
    if action == "override" and len(reason.strip()) < 10:
        raise UsageError("an override needs a reason of ten characters or more", 'say --reason "..."')
    return Statement(
        action,
        secrets.token_hex(8),
        str(about.get("repository", "")),
        str(about["ref"]),
        about.get("change", {}).get("base"),
        str(about["commit"]),
        about.get("tree"),
        tuple(sorted({str(item["fingerprint"]) for item in items})),
        written(at),
        written(at + timedelta(days=days)),
        reason,
        tuple(sorted({str(item["rule"]) for item in items})) if action == "override" else (),
    )


def open_items(verdict: Mapping[str, Any]) -> list[Record]:
    """Give the findings of a verdict record that are open until somebody reviews them."""
    found: dict[str, Record] = {}
    for finding in verdict.get("findings", ()):
        if finding.get("rule") == "gate/review-pending":
            found |= {item["fingerprint"]: item for item in finding.get("data", {}).get("open", ())}
        elif finding.get("level") == "warning" and finding.get("suppressed") is None:
            found[finding["fingerprint"]] = finding
    return list(found.values())


def blocking(verdict: Mapping[str, Any]) -> list[Record]:
    """Give the findings of a verdict record that refused a push."""
    found = verdict.get("findings", ())
    return [finding for finding in found if finding.get("level") == "error" and finding.get("suppressed") is None]


def sign(statement: Signed, key: Path) -> bytes:
    """Sign a statement; give the bytes that are pushed to the server's inbox."""
    command = ["ssh-keygen", "-Y", "sign", "-q", "-n", statement.namespace, "-f", str(key)]
    code, out, err = _ssh_keygen(command, statement.text())
    if code:
        raise UsageError(f"{key}: cannot sign: {printable(err.decode(errors='replace').strip())}", "give --key FILE")
    data = {"statement": json.loads(statement.text()), "signature": out.decode()}
    return json.dumps(data, sort_keys=True).encode() + b"\n"


def parse(raw: bytes) -> tuple[Statement, str]:
    """Read what was pushed to the inbox: the statement and its signature. Raises Refused."""
    try:
        data = json.loads(raw)
        given, signature = dict(data["statement"]), data["signature"]
        for name in ("findings", "rules"):
            given[name] = tuple(given.get(name, ()))
        statement = Statement(**given)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused("is no statement of gatepost's", "gatepost review approve makes one") from None
    if not isinstance(signature, str) or not _well_formed(statement):
        raise Refused("is a statement with odd values", "gatepost review approve makes one")
    return statement, signature


def _well_formed(statement: Statement) -> bool:
    texts = (statement.id, statement.repository, statement.ref, statement.new, statement.at, statement.expires)
    lists = (*statement.findings, *statement.rules, statement.reason)
    optional = (statement.old, statement.tree)
    return (
        statement.action in ACTIONS
        and all(isinstance(text, str) for text in (*texts, *lists))
        and all(name is None or isinstance(name, str) for name in optional)
        and _HEX.fullmatch(statement.new) is not None
        and re.fullmatch(r"[0-9a-f]{16}", statement.id) is not None
        and 0 < len(statement.findings) <= 5000
        and all(re.fullmatch(r"[0-9a-f]{32}", name) is not None for name in statement.findings)
    )


def check(repo: Repository, directory: Path, raw: bytes) -> tuple[Statement, str]:
    """Check a statement as the server does; give it and its signer. Raises Refused with the reason."""
    statement, signature = parse(raw)
    if statement.repository != repository_id(repo, directory):
        raise Refused("is about another repository", "fetch the records of this one and sign again")
    lifetime = moment(statement.expires) - moment(statement.at)
    if statement.expired():
        raise Refused(f"expired on {statement.expires}", "sign again")
    if lifetime > LONGEST or moment(statement.at) > datetime.now(timezone.utc) + timedelta(minutes=10):
        raise Refused(f"counts for longer than {LONGEST.days} days", "sign again with a shorter --expires")
    if any(record.get("id") == statement.id for record in read(repo, statement.new)):
        raise Refused("was already used", "sign again")
    if statement.action == "override" and (len(statement.reason.strip()) < 10 or not statement.rules):
        raise Refused("gives no reason, or no rules", 'say --reason "..."')
    return statement, verify(statement, signature, directory / SIGNERS)


def verify(statement: Signed, signature: str, signers: Path) -> str:
    """Give who signed; Refused where the server's list has no such key for this."""
    try:
        lines = signers.read_text().splitlines(keepends=True)
    except (OSError, ValueError):
        raise Refused("cannot be checked: the server lists no signers", _list_them(signers)) from None
    if statement.action == "override":
        lines = [line for line in lines if re.search(r'namespaces="[^"]*\bgatepost-override\b', line)]
    with tempfile.TemporaryDirectory() as where:
        listed, signed = Path(where) / "signers", Path(where) / "signature"
        listed.write_text("".join(lines))
        signed.write_text(signature)
        files = ["-s", str(signed), "-f", str(listed)]
        code, out, _ = _ssh_keygen(["ssh-keygen", "-Y", "find-principals", *files], b"")
        for name in out.decode(errors="replace").splitlines() if code == 0 else ():
            command = ["ssh-keygen", "-Y", "verify", "-n", statement.namespace, "-I", name.strip(), *files]
            if _ssh_keygen(command, statement.text())[0] == 0:
                return name.strip()
    raise Refused(
        f"is not signed by a key that may sign in the namespace {statement.namespace}",
        _list_them(signers),
    )


def _list_them(signers: Path) -> str:
    where = signers.absolute()
    return f"the operator lists reviewers in {where.parent.name}/{where.name}, a line each: {EXAMPLE}"


def _ssh_keygen(command: Sequence[str], stdin: bytes) -> tuple[int, bytes, bytes]:
    names = ("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY")
    env = {name: os.environ[name] for name in names if name in os.environ} | {"LC_ALL": "C"}
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, env=env, timeout=60, check=False)
    except FileNotFoundError:
        raise CannotJudge("ssh-keygen: command not found", "install openssh-client (8.2 or later)") from None
    return done.returncode, done.stdout, done.stderr


def draft(statement: Statement, raw: bytes, signer: str) -> Draft:
    """Give the record of a statement, found by commit and by each fingerprint that it names."""
    kind = "override" if statement.action == "override" else "review"
    data = asdict(statement) | {"signer": signer, "signature": json.loads(raw)["signature"], "signed_at": statement.at}
    body = {key: value for key, value in data.items() if key not in ("at", "tree")}
    also = [key_of(name, len(statement.new)) for name in statement.findings]
    return Draft(statement.new, kind, body, statement.tree, tuple(also) if kind == "review" else ())


def key_of(fingerprint: str, digits: int) -> str:
    """Give the note under which the reviews of a finding are found."""
    return hashlib.sha256(f"finding {fingerprint}".encode()).hexdigest()[:digits]


def decided(repo: Repository, ref: str, fingerprint: str, digits: int) -> Record | None:
    """Give the newest review of a finding on a ref that has not expired."""
    found = [
        record
        for record in read(repo, key_of(fingerprint, digits), "review")
        if record.get("ref") == ref and moment(str(record.get("expires"))) > datetime.now(timezone.utc)
    ]
    return found[-1] if found else None


def written(at: datetime) -> str:
    """Write a moment as statements have it."""
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """Read a moment; Refused where it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Refused(f"has no such time as {printable(text, 40)}", "gatepost review approve makes one") from None
