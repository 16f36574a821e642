"""Parse the command line and dispatch, nothing else."""

from __future__ import annotations

import importlib
import sys
from io import TextIOWrapper
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from gatepost import __version__, verbs
from gatepost.errors import UNKNOWN, USAGE, GatepostError, UsageError
from gatepost.model import printable
from gatepost.verbs import Verb

if TYPE_CHECKING:
    import argparse

EPILOG = """\
exit codes: 0 pass, 1 findings that block, 2 usage or configuration, 3 could not judge
start here: gatepost demo (a tour on throw-away repositories), gatepost init (protect this one)"""


def main(argv: list[str] | None = None) -> int:
    """Run gatepost; give the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a locale without "…" must not end the gate
    try:
        return _run(arguments)
    except GatepostError as error:
        _complain(error.message, error.hint)
        return error.exit_code
    except BrokenPipeError:  # the reader, such as head(1), has gone
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return UNKNOWN
    except KeyboardInterrupt:
        _complain("interrupted; nothing was judged")
        return 130
    except Exception as error:  # noqa: BLE001 - an error of ours must refuse with a reason, never pass
        return _internal(error)


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help", "help"):
        sys.stdout.write(overview())
        return 0
    if name in ("-V", "--version"):
        sys.stdout.write(f"gatepost {__version__}\n")
        return 0
    verb = find(name)
    if len(arguments) == 1 and verb.bare is not None:
        bare: Any = SimpleNamespace(**verb.bare)
        return verb.main(bare)
    return verb.main(parse(verb, arguments[1:]))


def find(name: str) -> Verb:
    """Import one verb; UsageError names the nearest where there is no such verb."""
    module = f"{verbs.__name__}.{name.replace('-', '_')}"
    try:
        verb = importlib.import_module(module).VERB if name.replace("-", "").isalpha() else None
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        verb = None
    if not isinstance(verb, Verb):
        from gatepost.policy import nearest

        known = [verb.name for verb in all_verbs()]
        raise UsageError(f"{printable(name, 60)}: no such verb{nearest(name, known)}", "gatepost --help lists them")
    return verb


def all_verbs() -> tuple[Verb, ...]:
    """Give every verb there is."""
    from gatepost import registry

    return registry.load(verbs, "VERB", Verb)


def parser(verb: Verb) -> argparse.ArgumentParser:
    """Build the parser of one verb."""
    import argparse

    made = argparse.ArgumentParser(
        prog=f"gatepost {verb.name}",
        description=verb.summary,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verb.add_arguments(made)
    return made


def parse(verb: Verb, arguments: list[str]) -> argparse.Namespace:
    """Read the arguments of a verb; options may stand before, between and behind the others."""
    made = parser(verb)
    try:
        return made.parse_intermixed_args(arguments)
    except TypeError:  # a verb with verbs of its own, which argparse cannot read so
        return made.parse_args(arguments)


def overview() -> str:
    """Give the text of ``gatepost --help``."""
    listed = all_verbs()
    width = max(len(verb.name) for verb in listed)
    rows = "\n".join(f"  {verb.name:<{width}}  {verb.summary}" for verb in listed)
    return (
        "usage: gatepost VERB [options]      gatepost VERB --help      gatepost --version\n\n"
        f"A release gate that lives in git.\n\n{rows}\n\n{EPILOG}\n"
    )


def _complain(message: str, hint: str = "") -> None:
    for line in message.splitlines():
        sys.stderr.write(f"gatepost: {line}\n")
    if hint:
        sys.stderr.write(f"  -> {hint}\n")


def _internal(error: Exception) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="gatepost-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    _complain(
        f"internal error ({type(error).__name__}: {printable(str(error), 120)}); nothing was judged",
        f"please report it with {log.name}",
    )
    return UNKNOWN if not isinstance(error, SystemExit) else USAGE
