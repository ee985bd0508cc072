"""Commands as a shell runs them: real processes, their exit codes and their streams."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEARNHUB = [sys.executable, "-m", "learnhub_desktop.cli"]


@pytest.fixture
def environment(home):
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


@pytest.fixture
def run(environment, home):
    def start(*arguments, **more):
        return subprocess.run(
            [*LEARNHUB, *map(str, arguments)],
            env=environment,
            cwd=home.path,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            **more,
        )

    return start


def enrolment(home, card):
    course = home.courses["Python Basics"]
    return ("enrol", "--student", "ola@example.org", "--course", str(course), "--card", card)


def test_each_end_has_its_exit_code(run, home):
    done = run(*enrolment(home, "tok_visa"), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "completed"
    assert done.stdout.count("\n") == 1

    refused = run("refund", "1", "--reason", "goodwill", "--amount", "99")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Only 49.00 USD of this payment is left.\n"

    wrong = run("enrol")
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1

    unreachable = run(
        *("jobs", "run", "ask-gateway", "--database", "mysql://a@127.0.0.1:1/b?tls=off")
    )
    assert unreachable.returncode == 3
    assert unreachable.stderr.count("\n") == 1


def test_an_unknown_outcome_is_exit_code_four_and_the_key_settles_it(run, home):
    lost = run(*enrolment(home, "tok_lost_answer"))
    assert (lost.returncode, lost.stdout) == (4, "")
    key = lost.stderr.splitlines()[0].removeprefix("Key: ")
    settled = run(*enrolment(home, "tok_lost_answer"), "--key", key)
    assert settled.returncode == 0
    assert home.ask("SELECT status FROM payments") == ["completed"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_the_key_is_shown_before_the_gateway_answers(environment, home):
    with subprocess.Popen(
        [*LEARNHUB, *enrolment(home, "tok_late")],
        env=environment,
        cwd=home.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        # This gateway answers after two seconds; Ctrl-C comes before that.
        shown = command.stderr.readline()
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
    assert shown.startswith("Key: buy-")
    assert (command.returncode, out) == (130, "")
    assert err == (
        "Stopped before the answer came. Nothing is charged twice: run the same command again "
        f"with --key {shown.removeprefix('Key: ')}"
    )
    assert home.ask("SELECT status FROM payments") == ["pending"]


@pytest.mark.skipif(os.name == "nt", reason="needs a shell's pipes")
@pytest.mark.parametrize("arguments", [["--help"], ["jobs", "run", "ask-gateway", "--json"]])
def test_a_reader_that_closes_its_pipe_is_no_error(environment, home, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as nowhere:
        ended = subprocess.run(
            [*LEARNHUB, *arguments],
            env=environment,
            cwd=home.path,
            stdout=nowhere,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (ended.returncode, ended.stderr) == (0, "")


def loaded(environment, home, *arguments):
    """The modules that a command has loaded by its end."""
    code = (
        "import sys; from learnhub_desktop.cli import main; main(sys.argv[1:]);"
        " sys.stderr.write('\\n'.join(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        cwd=home.path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {name.partition(".")[0] for name in ended.stderr.split()}


def test_a_command_loads_only_what_it_needs(environment, home):
    asked = loaded(environment, home, "--version")
    assert not asked & {"sqlalchemy", "pymysql", "alembic", "keyring", "PySide6"}
    sold = loaded(environment, home, *enrolment(home, "tok_visa"))
    assert "sqlalchemy" in sold
    assert not sold & {"alembic", "keyring", "PySide6", "qasync", "charset_normalizer"}


def test_a_password_is_taken_from_nowhere_but_the_places_that_are_named(run, home):
    asked = run(*("jobs", "run", "ask-gateway", "--database", "mysql://ada:secret@127.0.0.1:1/b"))
    assert asked.returncode == 2
    assert "secret" not in asked.stdout + asked.stderr
    assert "secret" not in (home.path / "log" / "learnhub.log").read_text("utf-8")
