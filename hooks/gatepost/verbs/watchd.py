"""Work on the watches of one or many repositories until told to stop: the daemon of the verification."""

from __future__ import annotations

import argparse

from gatepost.verbs import Verb

UNIT = """\
[Unit]
Description=gatepost: watch production after deploys
After=network-online.target

[Service]
User=git
ExecStart=/usr/bin/env gatepost watchd --all /srv/git
Restart=always
RestartSec=2
KillMode=mixed
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--repo", action="append", default=[], metavar="DIR", help="a bare repository; may be repeated")
    parser.add_argument("--all", metavar="ROOT", help="every bare repository below this directory")
    parser.add_argument("--once", action="store_true", help="end when no watch is open")
    parser.add_argument("--print-unit", action="store_true", help="print a systemd unit and end")


def main(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT."""
    import sys

    from gatepost.watch.daemon import run

    if args.print_unit:
        sys.stdout.write(UNIT)
        return 0
    return run(args.repo, args.all, once=args.once)


VERB = Verb("watchd", "do the work of the verification: the daemon", add_arguments, main)
