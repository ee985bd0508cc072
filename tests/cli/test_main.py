"""What all commands have in common: help, ends of every kind, JSON, and silence otherwise."""

import io
import json
import logging
import shutil
import sys
import warnings

import pytest

from learnhub_desktop import __version__, settings
from learnhub_desktop.cli import importing, main
from learnhub_desktop.cli.terminal import Done, Terminal
from learnhub_desktop.errors import OutcomeUnknown
from learnhub_desktop.settings import Profile, Settings

COMMANDS = [
    ["db", "create"],
    ["db", "upgrade"],
    ["db", "check"],
    ["db", "verify"],
    ["db", "backup"],
    ["db", "restore"],
    ["sample"],
    ["tour"],
    ["import"],
    ["enrol"],
    ["refund"],
    ["archive"],
    ["restore"],
    ["jobs", "run"],
    ["jobs", "list"],
    ["years", "list"],
    ["years", "archive"],
    ["years", "export"],
    ["years", "drop"],
]


class Screen(io.StringIO):
    def isatty(self):
        return True


def break_with(monkeypatch, error):
    def run(options, terminal):
        raise error

    monkeypatch.setattr(importing, "run", run)


def test_the_version_is_told(learnhub):
    assert learnhub("--version").out == f"LearnHub Desktop {__version__}\n"
    assert learnhub("--version", "--json").out == f"LearnHub Desktop {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_explains_itself(learnhub, command):
    ended = learnhub(*command, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"usage: learnhub {' '.join(command)}")
    assert "--json" in ended.out
    for line in ended.out.splitlines():
        assert len(line) <= 100


def test_the_help_names_exit_codes_and_where_passwords_come_from(learnhub):
    text = learnhub("--help").out
    codes = {int(line.split()[0]) for line in text.splitlines() if line[:3].strip().isdigit()}
    assert codes == {0, 1, 2, 3, 4, 70}
    assert "  4  the outcome is not known" in text
    assert "  70 a fault in LearnHub itself" in text
    assert "LEARNHUB_PASSWORD" in text


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "Name a command, such as enrol. See learnhub --help."),
        (["dance"], "invalid choice: 'dance'"),
        (["x" * 10_000], "…"),
        (["db"], "The following arguments are required: COMMAND. See learnhub db --help."),
        (["jobs", "run", "sweep"], "invalid choice: 'sweep'"),
        (["enrol", "--stud", "a@b.c", "--course", "1"], "required: --student"),
        (["tour"], "The following arguments are required: --out"),
        (["enrol\nnow"], "invalid choice"),
        (["\x1b[31m"], "invalid choice"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_wrong_use(learnhub, arguments, said):
    ended = learnhub(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.sentence
    assert len(ended.sentence) < 350
    assert "\x1b" not in ended.sentence


def test_with_json_every_end_is_one_object(learnhub):
    ended = learnhub("enrol", "--json")
    assert ended.code == 2
    assert ended.json == {"error": ended.sentence, "exit_code": 2}


@pytest.mark.parametrize(
    "database, code, said",
    [
        ("Nowhere", 2, "There is no school called “Nowhere”"),
        ("mysql://ada:secret@db1/learnhub", 2, "A password does not belong in an address"),
        ("mysql://ada@db1.example.org/learnhub?tls=off", 2, "Without encryption a password"),
        ("mysql://ada@127.0.0.1:1/learnhub?tls=off", 3, "no server answers there"),
        ("mysql://ada@nowhere.invalid/learnhub", 3, "there is no computer of that name"),
        ("mysql://ada@127.0.0.1/learnhub?ca=missing.pem", 2, "cannot be read"),
        ("mysql://ada@127.0.0.1/learnhub?ca=junk.db", 2, "holds no certificate"),
        ("sqlite:///missing.db", 3, "There is no school in"),
        ("sqlite:///junk.db", 3, "file is not a database"),
        ("sqlite:///empty.db", 1, "This database holds no school yet."),
        ("sample", 3, "The sample school is not there yet. Make it: learnhub sample."),
    ],
)
def test_a_school_that_cannot_be_opened_has_its_own_sentence(learnhub, home, database, code, said):
    (home.path / "junk.db").write_text("this is a text\n" * 100)
    (home.path / "empty.db").touch()
    files = sorted(home.path.glob("*.db*"))
    ended = learnhub("jobs", "run", "prune-changes", "--database", database)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.sentence
    assert "secret" not in ended.sentence
    assert sorted(home.path.glob("*.db*")) == files


def test_without_a_name_it_is_the_school_that_was_used_last(learnhub, home, monkeypatch):
    monkeypatch.delenv("LEARNHUB_DATABASE")
    nameless = learnhub("jobs", "run", "ask-gateway")
    assert (nameless.code, nameless.out) == (2, "")
    assert "--database" in nameless.sentence

    settings.save(Settings().with_profile(Profile("Ours", path=str(home.school))))
    assert learnhub("jobs", "run", "ask-gateway").code == 0
    assert learnhub("jobs", "run", "ask-gateway", "--database", "ours").code == 0


def test_a_bug_is_one_sentence_and_its_traceback_is_in_the_log(learnhub, log_file, monkeypatch):
    break_with(monkeypatch, ZeroDivisionError("by nought"))
    ended = learnhub("import", "courses", "x.csv", "--json")
    assert ended.code == 70
    assert ended.sentence == (
        f"Something went wrong inside LearnHub; the details are in {log_file}."
    )
    assert ended.json["exit_code"] == 70
    assert "ZeroDivisionError: by nought" in log_file.read_text("utf-8")


def test_the_log_of_a_failed_statement_names_nobody(learnhub, home, log_file, monkeypatch):
    def run(options, terminal):
        home.write(
            lambda uow: uow.connection.exec_driver_sql(
                "SELECT no_such_function(?)", ("ola@example.org",)
            )
        )

    monkeypatch.setattr(importing, "run", run)
    assert learnhub("import", "courses", "x.csv").code == 70
    logged = log_file.read_text("utf-8")
    assert "no_such_function" in logged
    assert "ola@example.org" not in logged


def test_a_log_that_cannot_be_written_is_said(learnhub, home, monkeypatch):
    shutil.rmtree(home.path / "log", ignore_errors=True)
    (home.path / "log").touch()
    break_with(monkeypatch, ZeroDivisionError())
    ended = learnhub("import", "courses", "x.csv")
    assert (ended.code, ended.sentence) == (
        70,
        "Something went wrong inside LearnHub; its log file cannot be written.",
    )
    assert learnhub("jobs", "run", "ask-gateway").code == 0


def test_ctrl_c_is_one_sentence(learnhub, monkeypatch):
    break_with(monkeypatch, KeyboardInterrupt())
    ended = learnhub("import", "courses", "x.csv")
    assert (ended.code, ended.out) == (130, "")
    assert ended.sentence == "Stopped before it was done. Nothing half done was kept."


def test_ctrl_c_after_money_was_sent_names_the_key(learnhub, monkeypatch):
    def run(options, terminal):
        terminal.announce_key("buy-7")
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "run", run)
    shown, sentence = learnhub("import", "courses", "x.csv").err.splitlines()
    assert shown == "Key: buy-7"
    assert sentence.endswith("run the same command again with --key buy-7")


def test_an_unknown_outcome_names_the_key_once(learnhub, monkeypatch):
    break_with(monkeypatch, OutcomeUnknown("Nobody knows.", key="buy-7"))
    ended = learnhub("import", "courses", "x.csv")
    assert (ended.code, ended.err) == (4, "Key: buy-7\nNobody knows.\n")


def test_warnings_of_libraries_reach_the_log_and_not_the_person(learnhub, log_file, monkeypatch):
    def run(options, terminal):
        warnings.simplefilter("always")
        warnings.warn("old news", stacklevel=1)
        return Done({}, ("done",))

    monkeypatch.setattr(importing, "run", run)
    ended = learnhub("import", "courses", "x.csv")
    assert (ended.out, ended.err) == ("done\n", "")
    assert "old news" in log_file.read_text("utf-8")
    assert logging.raiseExceptions is True


def test_a_reader_that_has_gone_changes_nothing(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    assert Terminal().finish(Done({}, ("one", "two"))) == 0


def test_what_the_screen_cannot_show_is_written_in_another_way(monkeypatch):
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    Terminal().finish(Done({"name": "Zoë"}, ("Zoë",)))
    Terminal(as_json=True).finish(Done({"name": "Zoë 🎓"}))
    plain, as_json = raw.getvalue().decode("ascii").splitlines()
    assert plain == "Zo\\xeb"
    assert json.loads(as_json) == {"name": "Zoë 🎓"}


def test_progress_is_shown_at_a_terminal_only(monkeypatch):
    quiet, screen = io.StringIO(), Screen()
    for stream in (quiet, screen):
        monkeypatch.setattr(sys, "stderr", stream)
        terminal = Terminal()
        terminal.progress("Courses")(1_200, 3_672)
        terminal.tell("Done.")
    assert quiet.getvalue() == "Done.\n"
    assert screen.getvalue() == "\r\x1b[KCourses: 1,200 of 3,672\r\x1b[KDone.\n"


def test_ctrl_c_while_the_program_loads_is_one_sentence(monkeypatch, capsys):
    from learnhub_desktop.cli import running

    def stop(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run", stop)
    assert main(["enrol"]) == 130
    assert capsys.readouterr().err == "Stopped before it began.\n"
