"""The three roles of a scratch cluster, and what is settled in it before anything pushed is run.

``ADMIN`` is the superuser: it makes databases and ends backends, and connects to none that has seen pushed SQL.
``MIGRATOR`` runs pushed SQL: it owns its database and nothing else. ``SEEDER`` fills and compares tables: triggers and
defaults of pushed SQL run with its rights, so it is no superuser either, only a member of the migrator.
"""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.databases import Limits

ADMIN, MIGRATOR, SEEDER = "gatepost", "migrator", "seeder"


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of the roles on a server; ``prefix`` begins those of databases, ``superuser`` is about the admin."""

    admin: str = ADMIN
    migrator: str = MIGRATOR
    seeder: str = SEEDER
    prefix: str = "scratch_"
    superuser: bool = True


def founding(major: int) -> tuple[str, ...]:
    """Give what a new cluster is told once."""
    return (
        f"create role {MIGRATOR} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls",
        f"create role {SEEDER} login nosuperuser nocreatedb nocreaterole noreplication",
        *membership(major, Roles()),
        "revoke connect, temporary on database postgres, template1 from public",
    )


def membership(major: int, roles: Roles) -> list[str]:
    """Give what lets the seeder work in what the migrator owns, and the administrator make databases for both."""
    found = [f"grant {roles.migrator} to {roles.seeder}"]
    if not roles.superuser:
        return [*found, f"grant {roles.migrator}, {roles.seeder} to current_user"]
    found.append(f"alter role {roles.seeder} bypassrls")
    if major >= 14:
        found.append(f"grant pg_read_all_data, pg_write_all_data to {roles.seeder}")
    if major >= 15:
        found.append(f"grant set on parameter session_replication_role to {roles.seeder}")
    return found


def bounds(limits: Limits, roles: Roles) -> tuple[str, ...]:
    """Give the limits of the roles; they are set anew for each database, as a role may change some of its own."""
    milliseconds = max(1, int(limits.seconds * 1000))
    found = [f"alter role {roles.migrator} connection limit {limits.connections}"]
    for role in (roles.migrator, roles.seeder):
        found += [
            f"alter role {role} reset all",
            f"alter role {role} set temp_file_limit = '{max(1, limits.disk >> 11)}kB'",
            f"alter role {role} set statement_timeout = {milliseconds}",
            f"alter role {role} set idle_in_transaction_session_timeout = 0",
        ]
    return tuple(found)
