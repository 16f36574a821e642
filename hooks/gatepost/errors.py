"""Every error that gatepost raises on purpose: a message, a hint and an exit code.

GatepostError                   2  usage or configuration, unless a subclass says otherwise
├── UsageError                  2  wrong arguments
├── PolicyError                 2  gatepost.toml cannot be used; all problems of the file at once
└── CannotJudge                 3  the answer is unknown, which never counts as "pass"
    ├── GitError                3  git failed, or the repository is damaged
    │   └── MissingObject       3  shallow or partial clone: history or blobs are not here
    ├── TooLarge                3  a limit on size, count or depth was met
    └── TimeUp                  3  the deadline of the policy was met
NotAFile                        -  a path that is absent, a symlink, a directory or a gitlink
"""

from __future__ import annotations

PASS, BLOCK, USAGE, UNKNOWN = 0, 1, 2, 3


class GatepostError(Exception):
    """Carry what went wrong, what to do next, and the exit code of the process."""

    exit_code = USAGE
    rule = "gate/internal"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GatepostError):
    """Say that the command line cannot be understood."""


class PolicyError(GatepostError):
    """Say what is wrong in a policy file: one line a problem, each with the file and the key's path."""

    rule = "policy/invalid"

    def __init__(self, problems: list[str], hint: str = "") -> None:
        super().__init__("\n".join(problems), hint)
        self.problems = tuple(problems)


class CannotJudge(GatepostError):
    """Say that no verdict is possible; never to be read as "pass"."""

    exit_code = UNKNOWN


class GitError(CannotJudge):
    """Say that git itself failed."""


class MissingObject(GitError):
    """Say that an object is not in the repository, as in shallow and partial clones."""


class TooLarge(CannotJudge):
    """Say that a limit was met, and which key of the policy raises it."""

    rule = "gate/too-large"


class TimeUp(CannotJudge):
    """Say that the deadline was met."""

    rule = "gate/timeout"


class NotAFile(GatepostError):
    """Say that a path holds no regular file: absent, a symlink, a directory or a gitlink."""

    def __init__(self, path: str, kind: str) -> None:
        super().__init__(f"{path}: is {kind}, not a regular file")
        self.path = path
        self.kind = kind
