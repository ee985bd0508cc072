"""The statements that complete the data folder of a new server."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.servers.programs import Program, ServerMissing


def system_tables(program: Program) -> str:
    """Return what a new server runs once, before it lets anybody in.

    The administrator may come from 127.0.0.1 by number too, for machines where the address has
    no name. MariaDB's program makes no system tables of its own accord.
    """
    if program.kind == "mysql":
        return (
            "CREATE USER 'root'@'127.0.0.1';\n"
            "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
            "GRANT PROXY ON ''@'' TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
        )
    scripts = [
        _script(program, name)
        for name in (
            *("system_tables", "performance_tables", "system_tables_data"),
            *("add_gis_sp_bootstrap", "sys_schema"),
        )
    ]
    opening = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"
    return opening + "\n".join(scripts)


def _script(program: Program, name: str) -> str:
    """Return one of MariaDB's scripts, which newer releases call mariadb_ instead of mysql_."""
    folder = _share_folder(program)
    for prefix in ("mariadb_", "mysql_", "maria_"):
        path = folder / f"{prefix}{name}.sql"
        if path.exists():
            return path.read_text("utf-8")
    raise ServerMissing(f"MariaDB at {program.path} has no script {name}.sql in {folder}.")


def _share_folder(program: Program) -> Path:
    if program.root is not None:
        return program.root / "usr/share/mysql"
    command = [*program.command, "--no-defaults", "--verbose", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in said.splitlines():
        if line.startswith("lc-messages-dir "):
            return Path(line.split(maxsplit=1)[1].strip())
    raise ServerMissing(f"{program.path} does not tell where its messages are.")
