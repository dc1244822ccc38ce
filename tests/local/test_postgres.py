"""The embedded PostgreSQL comes back from whatever was left of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from local import Problem, places, postgres, processes
from tests.local.places import open_home
from tests.waiting import until

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("postgres")]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")

START = "import sys; from pathlib import Path; from local import postgres; print(postgres.start(Path(sys.argv[1])).url)"


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """A cluster with one row that every test finds again."""
    with open_home() as home:
        server = postgres.start(home / "postgres")
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        yield home / "postgres"


@pytest.fixture
def server(state: Path) -> postgres.Server:
    return postgres.start(state)


def kept(server: postgres.Server) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT answer FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def postmaster(server: postgres.Server) -> psutil.Process:
    return psutil.Process(int((server.data / "postmaster.pid").read_text().splitlines()[0]))


def crash(server: postgres.Server) -> None:
    """SIGKILL to the postmaster alone: its backends are left to notice by themselves."""
    victim = postmaster(server)
    victim.kill()
    assert processes.gone([victim], 10)


def start_elsewhere(state: Path, **environment: str) -> subprocess.Popen[str]:
    variables = {**os.environ, **environment}
    command = [sys.executable, "-c", START, str(state)]
    return subprocess.Popen(command, env=variables, cwd=places.CHECKOUT, stdout=subprocess.PIPE, text=True)


def test_second_start_finds_the_running_server(server: postgres.Server, state: Path) -> None:
    before = postmaster(server)

    assert postgres.start(state) == server
    assert postmaster(server) == before


def test_data_survives_kill_9(server: postgres.Server, state: Path) -> None:
    crash(server)

    assert kept(postgres.start(state)) == 42


def test_busy_backend_of_a_killed_server_is_ended_first(server: postgres.Server, state: Path) -> None:
    # A loop in one statement never looks whether the postmaster lives.
    busy = subprocess.Popen(
        [sys.executable, "-c", f"import psycopg; psycopg.connect({server.url!r}).execute("
         "\"SET statement_timeout = 0; SELECT count(*) FROM generate_series(1, 1000000000) a\")"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    crowd = len(processes.running_in(server.data, "postgres"))
    until(lambda: any(p.cpu_times().user > 0.3 for p in processes.running_in(server.data, "postgres")), "work")
    crash(server)
    orphans = processes.running_in(server.data, "postgres")

    assert orphans, f"{crowd} processes before, none survived: the test proves nothing"
    assert kept(postgres.start(state)) == 42
    assert not any(processes.is_alive(orphan) for orphan in orphans)
    busy.wait(10)


def test_pid_of_another_program_in_the_pid_file(server: postgres.Server, state: Path) -> None:
    crash(server)
    path = server.data / "postmaster.pid"
    path.write_text("\n".join([str(os.getpid()), *path.read_text().splitlines()[1:]]) + "\n")

    assert kept(postgres.start(state)) == 42


@pytest.mark.parametrize("text", ["", "not a number\n", "999999999\n"])
def test_spoilt_pid_file(server: postgres.Server, state: Path, text: str) -> None:
    crash(server)
    (server.data / "postmaster.pid").write_text(text)
    (server.sockets / f"{postgres.SOCKET}.lock").write_text(text)

    assert kept(postgres.start(state)) == 42


def test_live_server_whose_socket_was_cleaned_away(server: postgres.Server, state: Path) -> None:
    (server.sockets / postgres.SOCKET).unlink()

    assert kept(postgres.start(state)) == 42


def test_application_reaches_other_roles_only_by_setting_them(server: postgres.Server) -> None:
    with psycopg.connect(server.url) as connection:
        rights = (
            "SELECT pg_has_role(rolname, 'USAGE'), pg_has_role(rolname, 'SET') FROM pg_roles WHERE rolname = ANY(%s)"
        )
        rows = connection.execute(rights, [["fcdash_system", "fcdash_search"]]).fetchall()

        assert rows == [(False, True), (False, True)]
        assert connection.execute("SHOW statement_timeout").fetchone() == ("30s",)


def test_system_role_may_work_on_tables_of_any_new_database(server: postgres.Server) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE another")
    with psycopg.connect(server.url.replace("/fcdash?", "/another?")) as connection:
        connection.execute("CREATE TABLE thing (id bigserial)")
        rights = "SELECT has_table_privilege('fcdash_system', 'thing', 'SELECT, INSERT, UPDATE, DELETE')"

        assert connection.execute(rights).fetchone() == (True,)
        connection.execute("SET LOCAL ROLE fcdash_system")
        connection.execute("INSERT INTO thing DEFAULT VALUES")


def test_four_starters_of_an_empty_folder_get_one_server() -> None:
    with open_home() as home:
        starters = [start_elsewhere(home / "postgres") for _ in range(4)]
        urls = {starter.communicate(timeout=120)[0].strip() for starter in starters}

        assert [starter.returncode for starter in starters] == [0] * 4
        assert len(urls) == 1


def test_half_made_cluster_and_a_locale_that_does_not_exist() -> None:
    with open_home() as home:
        left = home / "postgres" / "cluster" / "data.new"
        left.mkdir(parents=True)
        (left / "PG_VERSION").write_text("18\n")
        starter = start_elsewhere(home / "postgres", LC_ALL="xx_YY.UTF-8", LANG="xx_YY", PGPORT="1", PGDATA="/nowhere")

        url = starter.communicate(timeout=120)[0].strip()

        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT lower('ÄÖ')").fetchone() == ("äö",)


def test_path_too_long_for_a_socket_with_odd_characters() -> None:
    with open_home(f'it\'s a "home", {"x" * 80}') as home:
        server = postgres.start(home / "postgres", durable=False)

        assert len(str(server.sockets)) < 100
        assert postgres.start(home / "postgres") == server
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("fcdash_app",)


@as_root
def test_state_and_wheel_that_the_servers_user_cannot_reach() -> None:
    with open_home() as home:
        private = home / "private"
        private.mkdir(mode=0o700)
        package = Path(find_spec(postgres.WHEEL).origin).parent  # type: ignore[union-attr,arg-type]
        for folder in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, private / folder.name, ignore=shutil.ignore_patterns("include", "pginstall"))
        state = home / "private" / "state" / "postgres"
        starter = start_elsewhere(state, PYTHONPATH=str(private))
        url = starter.communicate(timeout=120)[0].strip()
        moved = Path((state / "cluster-is-in").read_text().strip())

        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("fcdash_app",)
        assert moved.is_dir()
        assert list(moved.glob("binaries-*"))
        again = start_elsewhere(state, PYTHONPATH=str(private))
        assert again.communicate(timeout=120)[0].strip() == url
        postgres.stop(state)
        shutil.rmtree(moved)


def test_stop_leaves_no_process(server: postgres.Server, state: Path) -> None:
    postgres.stop(state)
    postgres.stop(state)

    assert processes.running_in(server.data, "postgres") == []


@as_root
def test_folder_of_another_user_is_refused_in_one_sentence(server: postgres.Server, state: Path) -> None:
    state.chmod(0o777)
    (state / "lock").chmod(0o666)
    child = os.fork()
    if child == 0:  # a user that may not even read our Python still runs what is loaded
        os.setgid(65534)
        os.setuid(65534)
        try:
            postgres.start(state)
        except Problem as problem:
            os._exit(0 if "belongs to the user" in str(problem) else 2)
        finally:
            os._exit(3)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
