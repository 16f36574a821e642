"""Ask a server over HTTP with a time-out and a limit on the answer; what goes wrong is a SourceError."""

from __future__ import annotations

import json
from typing import Any

from gatepost.metrics import SourceError
from gatepost.model import printable

LIMIT = 64 * 1024 * 1024


def get(url: str, timeout: float, headers: dict[str, str] | None = None) -> bytes:
    """Give the body of a GET request."""
    return _call(url, None, timeout, headers)


def post(url: str, body: bytes, timeout: float, headers: dict[str, str] | None = None) -> bytes:
    """Give the answer to a POST request of JSON."""
    return _call(url, body, timeout, {"Content-Type": "application/json", **(headers or {})})


def _call(url: str, data: bytes | None, timeout: float, headers: dict[str, str] | None) -> bytes:
    import http.client
    import urllib.error
    import urllib.request

    if not url.startswith(("http://", "https://")):
        raise SourceError(f"{printable(url)}: is no http address")
    request = urllib.request.Request(url, data, {"User-Agent": "gatepost", **(headers or {})})  # noqa: S310 - checked
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - the scheme was checked
            body: bytes = answer.read(LIMIT + 1)
    except urllib.error.HTTPError as error:
        error.close()
        # Nothing of the answer is repeated: the address may come from a pushed tree.
        raise SourceError(f"{_shown(url)}: answered {error.code}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SourceError(f"{_shown(url)}: {printable(str(error), 160)}") from None
    if len(body) > LIMIT:
        raise SourceError(f"{_shown(url)}: the answer is larger than {LIMIT} bytes")
    return body


def get_json(url: str, timeout: float, headers: dict[str, str] | None = None) -> Any:
    """Give the body of a GET request as JSON."""
    body = get(url, timeout, headers)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise SourceError(f"{_shown(url)}: the answer is no JSON") from None


def _shown(url: str) -> str:
    return printable(url.partition("?")[0], 120)
