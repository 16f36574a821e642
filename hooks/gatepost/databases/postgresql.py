"""PostgreSQL: an operator's scratch server, or a cluster of our own from local programs or the embedded wheel."""

from __future__ import annotations

from contextlib import AbstractContextManager

from gatepost.databases import Connection, Engine, Facts, Limits, Needs, Scratch
from gatepost.sql.schema import Schema


def _scratch(needs: Needs, limits: Limits) -> AbstractContextManager[Scratch]:
    from gatepost.databases._postgresql_connection import driver

    driver()
    if needs.url:
        from gatepost.databases._postgresql_operator import operator

        return operator(needs, limits)
    from gatepost.databases._postgresql_scratch import cluster

    return cluster(needs, limits)


def _connect(url: str, seconds: float) -> Connection:
    from gatepost.databases._postgresql_connection import connect

    return connect(url, seconds)


def _inspect(connection: Connection) -> Schema:
    from gatepost.databases._postgresql_catalog import inspect

    return inspect(connection)


def _facts(connection: Connection) -> Facts:
    from gatepost.databases._postgresql_catalog import facts

    return facts(connection)


ENGINE = Engine(
    name="postgresql",
    summary="PostgreSQL, in a cluster of its own (local programs, embedded wheel) or on a scratch server by URL",
    schemes=("postgresql", "postgres"),
    scratch=_scratch,
    connect=_connect,
    inspect=_inspect,
    facts=_facts,
)
