"""The steps: each shows one thing a person does, and checks what is said and what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain import money
from learnhub_desktop.jobs.registry import PLANS
from learnhub_desktop.tour import facts
from learnhub_desktop.tour.driver import Driver, check
from learnhub_desktop.tour.outage import Outage
from learnhub_desktop.ui.dialogs.archive import ArchiveDialog
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from learnhub_desktop.ui.dialogs.shortcuts import ShortcutsDialog
from learnhub_desktop.ui.dialogs.sign_up import SignUpDialog
from learnhub_desktop.ui.pages.alerts import AlertsPage
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.pages.jobs import JobsPage
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.pages.payments import PaymentsPage
from learnhub_desktop.ui.pages.settings import SettingsPage
from learnhub_desktop.ui.pages.students import StudentsPage
from learnhub_desktop.ui.pages.subscriptions import SubscriptionsPage
from learnhub_desktop.ui.theme import LookSetting, Theme

STUDENT: Final = ("Ruth Sample", "ruth.sample@example.org")
COURSE: Final = "Photography Basics"
ARCHIVED: Final = "Gardening on a Balcony"
SUBSCRIBER: Final = ("Grace Muster", "grace.muster@example.org")
_ENROL_AT_MOST: Final = 8
_SIGN_UP_AT_MOST: Final = 5
_REFUND_AT_MOST: Final = 6
_ALERT_AT_MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """What the steps work with: the window's hands, and the database behind its back."""

    driver: Driver
    bridge: Bridge
    school: Database  # the window's own; only the outage touches it
    book: Database  # a second connection, for looking things up
    theme: Theme


async def look_around(scene: Scene) -> None:
    """Each tab as it opens."""
    d = scene.driver
    tabs: tuple[tuple[type[ListPage[Any]], str, str], ...] = (
        (CatalogPage, "Ctrl+1", "catalog"),
        (StudentsPage, "Ctrl+2", "students"),
        (PaymentsPage, "Ctrl+3", "payments"),
        (AlertsPage, "Ctrl+4", "alerts"),
    )
    for kind, keys, name in tabs:
        page = await d.page(kind, keys)
        check(page.model.total > 0, f"the list of {page.title} is empty")
        await d.press("Down", on=page.table)
        await d.wait(lambda page=page: page.current() is not None, f"a row of {name}")  # type: ignore[misc]  # mypy takes the default for an argument
        await d.panel(page)
        await d.shot(name)


async def enrol(scene: Scene) -> None:
    """Enrol a student: found by name, charged by card, in the course a moment later."""
    d = scene.driver
    page = await d.page(CatalogPage, "Ctrl+1")
    before = await d.ask(facts.course, scene.book, COURSE)
    who = await d.ask(facts.student, scene.book, STUDENT[1])
    d.begin()
    await d.find(page, COURSE)
    await d.press("Ctrl+B", on=d.window)
    dialog = await d.dialog(EnrolDialog)
    await d.wait(lambda: not dialog.is_looking, "the course to be preset")
    await d.type_text(STUDENT[0], on=dialog.student.line)
    await d.wait(lambda: not dialog.student.is_searching, "the student to be found")
    await d.press("Return", on=dialog.student.line)
    await d.wait(lambda: not dialog.is_looking and dialog.primary_button.isEnabled(), "the price")
    shown = money.text(before["price"], before["currency"])
    check(shown in dialog.primary_button.text(), f"the button does not name {shown}")
    await d.shot("enrol-dialog")
    await d.press("Ctrl+Return", on=dialog)
    await d.said(f"Enrolled {STUDENT[0]} in “{COURSE}”.", shown, "Access until")
    check(d.inputs <= _ENROL_AT_MOST, f"an enrolment took {d.inputs} inputs")
    await d.shot("enrolled")
    after = await d.ask(facts.course, scene.book, COURSE)
    check(
        after["enrolled_students"] == before["enrolled_students"] + 1,
        "the enrolment took no seat",
    )
    kept = await d.ask(facts.enrolment, scene.book, who["user_id"], before["course_id"])
    check(kept["status"] == "active", f"the enrolment is {kept['status']}")
    paid = await d.ask(facts.last_payment, scene.book, who["user_id"])
    check(
        (paid["status"], paid["amount"]) == ("completed", before["price"]),
        f"the payment is {paid['status']} with {paid['amount']}",
    )


async def refund(scene: Scene) -> None:
    """Refund a payment in full: the money is back, access has ended, the seat is free."""
    d = scene.driver
    wanted = await d.ask(facts.refundable, scene.book, STUDENT[1])
    page = await d.page(PaymentsPage, "Ctrl+3")
    d.begin()
    await d.find(page, f"id:{wanted['payment_id']}")
    await d.press("Ctrl+R", on=d.window)
    dialog = await d.dialog(RefundDialog)
    await d.shot("refund-dialog")
    await d.press("Ctrl+Return", on=dialog)
    amount = money.text(wanted["amount"], wanted["currency"])
    await d.said(f"Refunded {amount} to {wanted['name']}.", "has ended")
    check(d.inputs <= _REFUND_AT_MOST, f"a refund took {d.inputs} inputs")
    await d.panel(page)
    await d.shot("refunded")
    kept = await d.ask(facts.payment, scene.book, wanted["payment_id"])
    check(kept["status"] == "refunded", f"the payment is {kept['status']}")
    check(kept["refunded_amount"] == wanted["amount"], "not all of it went back")
    place = await d.ask(facts.enrolment, scene.book, wanted["user_id"], wanted["course_id"])
    check(place["status"] == "refunded", f"the enrolment is {place['status']}")


async def refuse(scene: Scene) -> None:
    """A refund past the policy: the dialog says why not, and nothing is done without a reason."""
    d = scene.driver
    wanted = await d.ask(facts.too_late, scene.book)
    page = await d.page(PaymentsPage, "Ctrl+3")
    await d.find(page, f"id:{wanted['payment_id']}")
    await d.press("Ctrl+R", on=d.window)
    dialog = await d.dialog(RefundDialog)
    said = dialog.policy.text()
    check("days for a refund" in said or "of the course is done" in said, f"it says: {said}")
    await d.press("Ctrl+Return", on=dialog)
    check(dialog.isVisible(), "the dialog closed without a reason")
    check(dialog.override.error() != "", "nothing asks for a reason")
    await d.shot("refund-refused")
    await d.press("Escape", on=dialog)
    kept = await d.ask(facts.payment, scene.book, wanted["payment_id"])
    check(kept["status"] == wanted["status"], "the payment changed all the same")
    check(kept["refunded_amount"] == wanted["refunded_amount"], "money went back all the same")


async def archive_and_restore(scene: Scene) -> None:
    """Archive a course with a reason, then take it back with Undo."""
    d = scene.driver
    page = await d.page(CatalogPage, "Ctrl+1")
    await d.find(page, ARCHIVED)
    await d.press("Ctrl+Shift+D", on=d.window)
    dialog = await d.dialog(ArchiveDialog)
    await d.type_text("Out of season", on=dialog.reason.note)
    await d.shot("archive-dialog")
    await d.press("Ctrl+Return", on=dialog)
    await d.said("Archived", ARCHIVED)
    kept = await d.ask(facts.course, scene.book, ARCHIVED)
    check(kept["status"] == "archived", f"the course is {kept['status']}")
    await d.panel(page)
    await d.shot("archived")
    await d.press("Ctrl+Z", on=d.window)
    await d.said("Restored", ARCHIVED)
    kept = await d.ask(facts.course, scene.book, ARCHIVED)
    check(kept["status"] == "active", f"the course is {kept['status']}")


async def review_alert(scene: Scene) -> None:
    """Decide on the first alert of the queue by one key; the next one is selected."""
    d = scene.driver
    page = await d.page(AlertsPage, "Ctrl+4")
    d.begin()
    await d.press("Home", on=page.table)
    await d.wait(lambda: page.current() is not None, "an alert")
    row = page.current()
    assert row is not None
    await d.panel(page)
    await d.press("F3", on=d.window)
    await d.said("false positive")
    check(d.inputs <= _ALERT_AT_MOST, f"an alert took {d.inputs} inputs")
    kept = await d.ask(facts.alert, scene.book, row.alert_id)
    check(kept["status"] == "false_positive", f"the alert is {kept['status']}")
    check(kept["reviewed_at"] is not None, "nobody is named for the decision")
    check(kept["reviewed_at"].tzinfo is UTC, "the time of the decision has no zone")
    await d.panel(page)
    await d.shot("alert-reviewed")


async def ask_gateway(scene: Scene) -> None:
    """Ask the gateway about a payment whose answer was lost: it settles, and nothing twice."""
    d = scene.driver
    wanted = await d.ask(facts.unknown_payment, scene.book)
    page = await d.page(PaymentsPage, "Ctrl+3")
    await d.find(page, f"id:{wanted['payment_id']}")
    await d.shot("unknown")
    await d.press("Ctrl+G", on=d.window)

    def is_settled() -> bool:
        row = page.current()
        return row is not None and row.status not in ("unknown", "pending")

    await d.wait(is_settled, "the payment to be settled")
    kept = await d.ask(facts.payment, scene.book, wanted["payment_id"])
    check(kept["status"] in ("completed", "failed"), f"the payment is {kept['status']}")
    await d.panel(page)
    await d.shot("asked")


async def find_access(scene: Scene) -> None:
    """Where is my access? The student's panel says until when, or why not."""
    d = scene.driver
    page = await d.page(StudentsPage, "Ctrl+2")
    await d.find(page, STUDENT[1])
    await d.shot("access")


async def subscribe(scene: Scene) -> None:
    """Sign a student up for a plan: the price and the first period stand before the button."""
    d = scene.driver
    page = await d.page(SubscriptionsPage, "Ctrl+5")
    check(page.model.total > 0, "the list of subscriptions is empty")
    await d.press("Home", on=page.table)
    await d.wait(lambda: page.current() is not None, "a subscription")
    await d.panel(page)
    await d.shot("subscriptions")
    who = await d.ask(facts.student, scene.book, SUBSCRIBER[1])
    d.begin()
    await d.press("Ctrl+N", on=d.window)
    dialog = await d.dialog(SignUpDialog)
    await d.type_text(SUBSCRIBER[0], on=dialog.student.line)
    await d.wait(lambda: not dialog.student.is_searching, "the student to be found")
    await d.press("Return", on=dialog.student.line)
    await d.wait(lambda: not dialog.is_looking and dialog.primary_button.isEnabled(), "the offer")
    await d.shot("sign-up-dialog")
    await d.press("Ctrl+Return", on=dialog)
    await d.said(f"{SUBSCRIBER[0]}'s subscription is paid", "It runs until")
    check(d.inputs <= _SIGN_UP_AT_MOST, f"a sign-up took {d.inputs} inputs")
    kept = await d.ask(facts.subscription, scene.book, who["user_id"])
    check(kept["status"] == "active", f"the subscription is {kept['status']}")
    paid = await d.ask(facts.last_payment, scene.book, who["user_id"])
    check(
        (paid["status"], paid["subscription_id"]) == ("completed", kept["subscription_id"]),
        "its first period is not paid",
    )


async def run_job(scene: Scene) -> None:
    """Run a job in a process of its own; the window goes on, and tells what came of it."""
    d = scene.driver
    page = await d.page(JobsPage, "Ctrl+6")
    check(page.model.total > 0, "the list of jobs is empty")
    page.table.setFocus()
    number = [plan.name for plan in PLANS].index("revenue")
    page.table.go_to(number)
    await d.wait(lambda: page.current() is not None, "a job")
    await d.panel(page)
    await d.press("Ctrl+R", on=d.window)
    await d.said("Counted the revenue of")
    await d.panel(page)
    await d.shot("jobs")
    kept = await d.ask(facts.last_run, scene.book, "revenue")
    check(kept["state"] == "done", f"the run is {kept['state']}")


async def lose_server(scene: Scene) -> None:
    """The database goes away and comes back: the window says so, waits, and goes on."""
    d = scene.driver
    page = await d.page(CatalogPage, "Ctrl+1")
    shown = page.model.total
    outage = Outage(scene.school.engines)
    outage.begin()
    await d.press("F5", on=d.window)
    await d.said("cannot be")
    await d.wait(lambda: "not reachable" in d.window.messages.connection.text(), "the outage")
    check(page.model.total == shown, "the rows were lost with the server")
    await d.shot("server-lost")
    outage.end()
    await d.press("F5", on=d.window)
    await d.rows(page)
    await d.said("answers again")
    await d.shot("server-back")


async def show_settings(scene: Scene) -> None:
    """One policy for all desks."""
    d = scene.driver
    page = await d.page(SettingsPage, "Ctrl+7")
    await d.wait(lambda: bool(page.fields), "the settings")
    await d.shot("settings")


async def show_shortcuts(scene: Scene) -> None:
    """Every action with its key."""
    d = scene.driver
    await d.page(PaymentsPage, "Ctrl+3")
    d.window.command("shortcuts")
    await d.wait(lambda: bool(d.window.findChildren(ShortcutsDialog)), "the list of shortcuts")
    dialog = d.window.findChildren(ShortcutsDialog)[0]
    await d.shot("shortcuts", dialog)
    dialog.close()


async def dark(scene: Scene) -> None:
    """The same in the dark look."""
    d = scene.driver
    scene.theme.choose(LookSetting.DARK)
    page = await d.page(PaymentsPage, "Ctrl+3")
    await d.panel(page)
    await d.shot("payments-dark")
    await d.page(AlertsPage, "Ctrl+4")
    await d.shot("alerts-dark")
    scene.theme.choose(LookSetting.LIGHT)


async def large_and_small(scene: Scene) -> None:
    """A large screen and the smallest window."""
    d = scene.driver
    page = await d.page(CatalogPage, "Ctrl+1")
    d.window.resize(1920, 1080)
    await d.panel(page)
    await d.shot("catalog-1920x1080")
    d.window.resize(1024, 680)
    await d.shot("catalog-1024x680")
    d.window.resize(1280, 800)


STEPS: Final = (
    look_around,
    enrol,
    refund,
    refuse,
    archive_and_restore,
    review_alert,
    ask_gateway,
    find_access,
    subscribe,
    run_job,
    lose_server,
    show_settings,
    show_shortcuts,
    dark,
    large_and_small,
)
