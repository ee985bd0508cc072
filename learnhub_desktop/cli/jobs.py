"""`learnhub jobs run`: one job, now."""

from __future__ import annotations

from argparse import Namespace

from learnhub_desktop.cli.choosing import opened
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.jobs import asking, pruning


def run(options: Namespace, terminal: Terminal) -> Done:
    job = {asking.NAME: asking.run, pruning.NAME: pruning.run}[options.name]
    with opened(options) as school:
        result = job(school.database, school.gateways, terminal.progress(options.name))
    values = {
        "job": result.job,
        "message": result.message,
        **result.counts,
        "problems": list(result.problems),
    }
    lines = (result.message,)
    if not result.problems:
        return Done(values, lines)
    for problem in result.problems:
        terminal.tell(problem)
    return Done(values, code=ExitCode.REFUSED, problem=result.message)
