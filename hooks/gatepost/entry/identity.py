"""Who pushes, as the server knows it; names in commits prove nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pusher:
    """A name and what vouches for it; ``by`` is empty where nothing does."""

    name: str = ""
    by: str = ""


# What must be set beside it: a lone variable may come from the pusher's own shell over a local path.
_SOURCES = (
    ("gitolite", "GL_USER", "GL_REPO"),
    ("gitlab", "GL_USERNAME", "GL_REPOSITORY"),
    ("gitlab", "GL_ID", "GL_REPOSITORY"),
    ("gitea", "GITEA_PUSHER_NAME", "GITEA_REPO_NAME"),
    ("http", "REMOTE_USER", "GIT_PROJECT_ROOT"),
    ("forced command", "GATEPOST_USER", "SSH_CONNECTION"),
)


def pusher(environ: Mapping[str, str]) -> Pusher:
    """Give the pusher: of a signed push, of the forge, or of the web server; else nobody."""
    signer = environ.get("GIT_PUSH_CERT_SIGNER", "")
    good = environ.get("GIT_PUSH_CERT_STATUS") == "G" and environ.get("GIT_PUSH_CERT_NONCE_STATUS") in ("OK", "SLOP")
    if signer and good:  # git says G for a key that it does not know, too: then the signer is empty
        return Pusher(signer, "signed push")
    for by, name, beside in _SOURCES:
        if environ.get(name) and beside in environ:
            return Pusher(environ[name], by)
    return Pusher()
