"""The timers that docs/jobs.md shows: each calls a command that there is, every five minutes."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

from learnhub_desktop.cli.parser import build
from learnhub_desktop.jobs.registry import PLANS
from learnhub_desktop.services.jobs import LEASE

PAGE = (Path(__file__).parents[1] / "docs/jobs.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def block(kind: str, number: int = 0) -> str:
    return [text for found, text in BLOCKS if found == kind][number]


def calls_due_jobs(command: str) -> bool:
    program, *words = shlex.split(command)
    options = build().parse_args(words)
    assert Path(program.replace("\\", "/")).name in ("learnhub", "learnhub.exe")
    assert (options.command, options.part, options.due) == ("jobs", "run", True)
    assert options.database == "mysql://jobs@db1.example.org/learnhub"
    return True


def test_cron_calls_it_every_five_minutes() -> None:
    [line] = block("cron").splitlines()
    minute, *rest, account, shell = line.split(maxsplit=6)

    assert (minute, rest, account) == ("*/5", ["*", "*", "*", "*"], "learnhub")
    # In a crontab a percent sign ends the command.
    assert "%" not in shell
    set_all, read, command = shell.split("; ")
    assert (set_all, read) == ("set -a", ". /etc/learnhub/jobs.env")
    assert calls_due_jobs(command)


def test_systemd_calls_it_every_five_minutes() -> None:
    service, timer = (configparser.ConfigParser(interpolation=None) for _ in range(2))
    for unit, number in ((service, 0), (timer, 1)):
        unit.optionxform = str  # type: ignore[assignment, method-assign]  # as its docs say
        unit.read_string(block("ini", number))

    assert service["Service"]["Type"] == "oneshot"
    assert calls_due_jobs(service["Service"]["ExecStart"])
    assert timer["Timer"]["OnCalendar"] == "*:0/5"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_the_task_scheduler_calls_it_every_five_minutes() -> None:
    words = shlex.split(block("bat").replace('\\"', "'").replace("\\", "/"))
    given = dict(zip(words, words[1:], strict=False))

    assert (given["/SC"], given["/MO"]) == ("MINUTE", "5")
    assert len(given["/TR"]) < 262, "schtasks takes no longer command"
    assert calls_due_jobs(given["/TR"])


def test_every_job_stands_there_with_when_it_runs() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ([^|]+) \| [^|]+ \| (yes|no)", PAGE, re.MULTILINE)

    assert rows == [
        (plan.name, str(plan.schedule), "yes" if plan.charges else "no") for plan in PLANS
    ]
    assert f"a lease of {LEASE.seconds // 60} minutes" in PAGE
