"""The jobs tab, and the clock that has due jobs run while a window is open."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from PySide6.QtCore import QDate, Qt

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.domain.years import EXPORT
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.jobs import runner
from learnhub_desktop.jobs.apart import Ended
from learnhub_desktop.jobs.registry import JOBS
from learnhub_desktop.services import jobs as services
from learnhub_desktop.services import revenue
from learnhub_desktop.ui.dialogs.run_job import CountDaysDialog, RunJobDialog
from learnhub_desktop.ui.job_clock import JobClock
from learnhub_desktop.ui.main_window import PageEntry
from learnhub_desktop.ui.pages.jobs import JobsPage
from learnhub_desktop.ui.shortcuts import check_keys
from tests.services.subscribers import at, bills, subscribe
from tests.ui.back_office import facts, happened

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
OTHER = "ada on desk-3, process 7, 1"
ASK, RENEW = 0, 1


class AtOnce:
    """Runs jobs as a process of their own would, and has ended before it is asked."""

    def __init__(self, desk):
        self.desk = desk
        self.started = []
        self.result = None

    def start(self, name=None, days=None):
        self.started.append(name)
        try:
            if days is not None:
                ran = (runner.run_days(self.desk.database, *days),)
            elif name is None:
                ran = runner.run_due(self.desk.database, self.desk.gateways)
            else:
                ran = (runner.run_one(self.desk.database, self.desk.gateways, name),)
        except LearnHubError as error:
            self.result = Ended((), str(error))
        else:
            self.result = Ended(tuple(each.result.message for each in ran))
        return self

    def ended(self):
        return self.result


@pytest.fixture
def starter(desk):
    return AtOnce(desk)


@pytest.fixture
def make_jobs(make_office, starter):
    def make(role=Role.ADMIN):
        return make_office("jobs", role, [PageEntry(JobsPage, partial(JobsPage, starter=starter))])

    return make


def lines(page):
    return [page.model.line(number).texts[1:4] for number in range(page.model.total)]


def begin(desk, name, owner=OTHER, **far):
    run = desk.write(services.claim_now, name, owner)
    if far:
        desk.write(services.beat, run.run_id, owner, **far)
    return run.run_id


def fail(desk, run_id, message, *problems):
    desk.write(
        services.finish,
        run_id,
        OTHER,
        state=JobState.FAILED,
        message=message,
        counts={},
        problems=problems,
    )


def test_every_job_stands_with_its_last_run_and_its_next(desk, make_jobs):
    runner.run_one(desk.database, desk.gateways, "ask-gateway")
    begin(desk, "renewals", done=12, total=41)
    fail(desk, begin(desk, "prune-changes"), "The disk is full.", "Row 7: no room.")
    begin(desk, EXPORT, done=200, total=400)
    office = make_jobs()
    page = office.page

    assert lines(page) == [
        ("Ask the gateway", "every 5 min", "done"),
        ("Renew subscriptions", "daily at 00:05", "running 29 %"),
        ("Try renewals again", "every 5 min", "overdue"),
        ("Summarise revenue", "daily at 01:00", "overdue"),
        ("Prune the changes feed", "every hour", "failed"),
        ("Archive a year", "by hand", "never run"),
        ("Export a year", "by hand", "running 50 %"),
        ("Drop a year", "by hand", "never run"),
    ]
    assert page.model.line(ASK).texts[4:] == (
        *("Today 12:00", "Today 12:05", "No payment is due to be asked about."),
    )

    office.choose(RENEW)
    assert page.side.panel.sentence == (
        "Bills the next period of each subscription, and ends those that were cancelled."
    )
    assert facts(page) == {
        **{"Next run": "Tomorrow 00:05", "Last run": "Today 12:00", "By": "ada on desk-3"}
    }
    assert page.progress.words.text() == "12 of 41"
    assert page.progress.isVisible() and not page.problems.isVisible()
    assert office.offered() == {
        "job_run": "it is running already, by ada on desk-3.",
        "job_cancel": "",
    }

    office.choose(4)
    assert happened(page) == ["The disk is full."]
    assert page.problems.isVisible() and not page.progress.isVisible()
    assert facts(page)["Took"] == "under a second"

    # What people begin elsewhere is seen, and stopped, here too.
    office.choose(6)
    assert page.progress.words.text() == "200 of 400"
    assert office.offered()["job_cancel"] == ""
    office.choose(5)
    assert office.offered() == {"job_run": "a person begins it with “learnhub years archive”."}

    office.choose(2)
    assert page.side.panel.sentence.endswith(
        "Nobody has run it for long: a window that is open does, or a timer that calls "
        "“learnhub jobs run --due”."
    )
    page.search.setText("revenue")
    page._on_searched()
    office.wait()
    assert lines(page) == [("Summarise revenue", "daily at 01:00", "overdue")]


def test_what_a_key_starts_runs_apart_and_tells_how_it_ended(desk, make_jobs, starter):
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    desk.buy(desk.student(), desk.course())
    desk.gateway.set_mood(Mood.APPROVE)
    desk.pass_time(hours=1)
    office = make_jobs()
    office.choose(ASK)

    office.press(Qt.Key.Key_R, CTRL)
    office.until(lambda: office.said == "Asked about 1: 1 settled.")
    office.wait()

    assert starter.started == ["ask-gateway"]
    assert desk.payments()[0].status == "completed"
    assert lines(office.page)[ASK][2] == "done"
    begin(desk, "ask-gateway")
    # The screen is older than the other desk's run.
    office.press(Qt.Key.Key_R, CTRL)
    office.until(lambda: office.said.startswith("This job is running already, by ada on desk-3."))


def test_cards_are_charged_only_after_their_number_was_shown(desk, make_jobs, starter):
    number = subscribe(desk, name="Ada Byron")
    desk.clock.now = at("2026-04-10T06:00")
    office = make_jobs()
    office.choose(RENEW)

    office.click("job_run")
    dialog = office.dialog(RunJobDialog)
    assert dialog.consequence.text() == (
        "1 subscription is due. Each is billed once, however often this runs; those that were "
        "cancelled end instead."
    )
    office.bot.keyClick(dialog, Qt.Key.Key_Escape)
    office.wait()
    assert starter.started == []
    office.click("job_run")
    office.submit(office.dialog(RunJobDialog))

    office.until(lambda: starter.started == ["renewals"])
    office.until(lambda: office.said == "1 subscription was due: 1 paid.")
    assert len(bills(desk, number)) == 2
    office.wait()
    office.click("job_run")
    dialog = office.dialog(RunJobDialog)
    assert dialog.consequence.text() == "No subscription is due, so nothing is charged."
    dialog.reject()


def test_a_running_one_is_asked_to_stop(desk, make_jobs):
    run_id = begin(desk, "ask-gateway", done=3, total=9)
    office = make_jobs()
    office.choose(ASK)

    office.press(Qt.Key.Key_C, CTRL, SHIFT)
    office.until(
        lambda: (
            office.said == "The job stops after the step that it is at. What is done stays done."
        )
    )
    office.wait()

    assert desk.write(services.beat, run_id, OTHER, done=4, total=9)
    assert office.offered()["job_cancel"] == "it was asked to stop already."
    office.choose(RENEW)
    office.press(Qt.Key.Key_C, CTRL, SHIFT)
    assert office.said == "Cancel the run is not possible: it is not running."


def test_days_are_counted_again_when_a_person_asks(desk, make_jobs):
    desk.buy(desk.student(), desk.course())
    office = make_jobs()
    office.choose(RENEW)
    office.press(Qt.Key.Key_R, CTRL, SHIFT)
    assert office.said == (
        "Count days again is not possible: only the summary of revenue counts days."
    )
    office.choose(3)
    office.click("job_days")
    dialog = office.dialog(CountDaysDialog)
    assert (dialog.first.value(), dialog.last.value()) == (date(2026, 3, 1), date(2026, 3, 9))
    assert dialog.primary_button.text() == "Count 9 days"
    dialog.last.day.setDate(QDate(2026, 2, 28))
    assert dialog.consequence.text() == "The last day cannot be before the first."
    assert not dialog.primary_button.isEnabled()
    dialog.last.day.setDate(QDate(2026, 3, 11))
    assert dialog.consequence.text() == "This day has not come yet."
    dialog.last.day.setDate(QDate(2026, 3, 10))
    dialog.first.day.setDate(QDate(2026, 3, 10))
    office.submit(dialog)

    office.until(lambda: office.said == "Counted the revenue of 2026-03-10 again.")
    [line] = desk.read(revenue.list_days, date(2026, 3, 10), date(2026, 3, 10))
    assert (line.revenue, line.transactions) == (Decimal("49.00"), 1)


def test_the_page_is_for_who_may_run_jobs(desk, make_jobs, make_office, starter):
    office = make_jobs(Role.FINANCE)
    assert office.page.unbound() == []
    check_keys(JobsPage.action_table)

    entry = PageEntry(JobsPage, partial(JobsPage, starter=starter))
    assert "jobs" not in make_office(role=Role.STAFF, more=[entry]).window._entries


def test_windows_that_are_open_have_due_jobs_run_once(desk, make_office):
    first, second = make_office(), make_office()
    clocks = [
        JobClock(each.window, each.window.desk.bridge, AtOnce(desk), each.window.messages)
        for each in (first, second)
    ]

    for clock in clocks:
        clock.look()
    first.until(lambda: not any(clock.is_running("due") for clock in clocks))

    assert sorted(run.job for run in desk.rows(t.job_runs)) == sorted(JOBS)
    assert {run.state for run in desk.rows(t.job_runs)} == {"done"}
    for clock in clocks:
        assert clock._timer.isActive()
    # Nothing is due any more, so no process is started.
    started = [len(clock._starter.started) for clock in clocks]
    clocks[0].look()
    first.until(lambda: not clocks[0].is_running("due"))
    assert [len(clock._starter.started) for clock in clocks] == started


def test_trouble_with_due_jobs_is_told_once(desk, make_office, monkeypatch):
    office = make_office()
    starter = AtOnce(desk)
    monkeypatch.setattr(
        starter,
        "start",
        lambda name=None, days=None: setattr(starter, "result", Ended((), "No room.")) or starter,
    )
    clock = JobClock(office.window, office.window.desk.bridge, starter, office.window.messages)

    for _ in range(2):
        clock.look()
        office.until(lambda: not clock.is_running("due"))

    assert [each.text for each in office.window.messages.messages] == ["No room."]
