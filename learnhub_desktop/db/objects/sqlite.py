"""Triggers of SQLite: the same rules as on the servers, in its words.

A trigger cannot change NEW here, so what the servers fill in before a write is set by an
UPDATE after it. The inner UPDATE names other columns than the trigger listens to, so no
trigger runs twice for one write.

``audit_context`` stands for what the servers know by themselves: whose transaction it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import JSON

from learnhub_desktop.db.objects.watched import WATCHED, Watched
from learnhub_desktop.db.tables import metadata
from learnhub_desktop.db.types import Money, Percent
from learnhub_desktop.domain.states import ENROLMENT_MOVES, PAYMENT_MOVES, say

CONTEXT_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS audit_context (context_id INTEGER NOT NULL PRIMARY KEY"
    " CHECK (context_id = 1), account VARCHAR(160) NOT NULL, operation VARCHAR(64))"
)
OTHER_PROGRAM: Final = "another program"

_NOW: Final = "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
_ACCOUNT: Final = f"COALESCE((SELECT account FROM audit_context), '{OTHER_PROGRAM}')"
_OPERATION: Final = "(SELECT operation FROM audit_context)"
_LATEST: Final = (
    "(SELECT MAX(enrolled_at) FROM enrollments"
    " WHERE course_id = OLD.course_id AND activated_at IS NOT NULL)"
)
_COUNT_ONE: Final = (
    "UPDATE courses SET total_enrollments = total_enrollments + 1,"
    " last_enrollment_date = MAX(COALESCE(last_enrollment_date, NEW.enrolled_at), NEW.enrolled_at)"
    " WHERE course_id = NEW.course_id;"
)


def _refusal(name: str, head: str, condition: str, sentence: str) -> tuple[str, str]:
    return name, (
        f"TRIGGER {name} {head} FOR EACH ROW WHEN {condition}\n"
        f"BEGIN\n  SELECT RAISE(ABORT, '{sentence}');\nEND"
    )


def _does(name: str, head: str, condition: str, *statements: str) -> tuple[str, str]:
    when = f" WHEN {condition}" if condition else ""
    lines = "\n  ".join(statements)
    return name, f"TRIGGER {name} {head} FOR EACH ROW{when}\nBEGIN\n  {lines}\nEND"


def _refuse_moves(
    table: str, noun: str, moves: Mapping[StrEnum, frozenset[StrEnum]]
) -> Iterator[tuple[str, str]]:
    """One trigger a state: RAISE takes no expression, so each sentence is its own text."""
    for old in moves:
        for new in moves:
            if new != old and new not in moves[old]:
                yield _refusal(
                    f"{table}_refuse_{old}_to_{new}",
                    f"BEFORE UPDATE OF status ON {table}",
                    f"OLD.status = '{old}' AND NEW.status = '{new}'",
                    f"{noun} that is {say(old)} cannot become {say(new)}.",
                )


def _changed(*columns: str) -> str:
    return " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns)


def _refusals() -> Iterator[tuple[str, str]]:
    yield from _refuse_moves("enrollments", "An enrolment", ENROLMENT_MOVES)  # type: ignore[arg-type]  # keys of Mapping are invariant
    yield from _refuse_moves("payments", "A payment", PAYMENT_MOVES)  # type: ignore[arg-type]  # keys of Mapping are invariant
    yield _refusal(
        "courses_refuse_seats",
        "BEFORE UPDATE OF enrolled_students ON courses",
        "NEW.enrolled_students > OLD.enrolled_students"
        " AND NEW.enrolled_students > NEW.max_students"
        f" AND {_OPERATION} IS NOT 'verify'",
        "This course is full.",
    )
    for table, noun in (("enrollments", "An enrolment"), ("reviews", "A review")):
        yield _refusal(
            f"{table}_refuse_moving",
            f"BEFORE UPDATE OF student_id, course_id ON {table}",
            _changed("student_id", "course_id"),
            f"{noun} cannot be moved to another student or course.",
        )
    fixed = ("user_id", "kind", "currency", "refunds_payment_id", "idempotency_key")
    yield _refusal(
        "payments_refuse_rewriting",
        f"BEFORE UPDATE OF amount, {', '.join(fixed)} ON payments",
        f"{_changed(*fixed)} OR (NEW.amount <> OLD.amount"
        " AND OLD.status NOT IN ('pending', 'unknown'))",
        "What was paid, by whom and under which key cannot be changed.",
    )
    yield _refusal(
        "payments_refuse_half_refunded",
        "BEFORE UPDATE OF status, refunded_amount ON payments",
        "NEW.status = 'refunded' AND NEW.refunded_amount <> NEW.amount",
        "A payment is refunded only when all of it went back.",
    )
    yield _refusal(
        "payments_refuse_delete",
        "BEFORE DELETE ON payments",
        "NOT EXISTS (SELECT 1 FROM payments_archive a WHERE a.payment_id = OLD.payment_id"
        " AND a.created_at = OLD.created_at AND a.amount = OLD.amount"
        " AND a.status = OLD.status AND a.refunded_amount = OLD.refunded_amount)",
        "A payment leaves only once it stands in the archive.",
    )
    yield _refusal(
        "payment_events_refuse_delete",
        "BEFORE DELETE ON payment_events",
        "NOT EXISTS (SELECT 1 FROM payment_events_archive a WHERE a.event_id = OLD.event_id"
        " AND a.payment_id = OLD.payment_id AND a.created_at = OLD.created_at"
        " AND a.event_type = OLD.event_type)",
        "A payment event leaves only once it stands in the archive.",
    )
    yield _refusal(
        "payment_events_refuse_update",
        "BEFORE UPDATE ON payment_events",
        "1",
        "Payment events are never changed.",
    )
    for table, sentence in (
        ("audit_log", "The audit is never changed."),
        ("balance_movements", "Movements of a balance are never changed."),
    ):
        for what in ("UPDATE", "DELETE"):
            name = f"{table}_refuse_{what.lower()}"
            yield _refusal(name, f"BEFORE {what} ON {table}", "1", sentence)
    yield _refusal(
        "school_settings_refuse_delete",
        "BEFORE DELETE ON school_settings",
        "1",
        "The school’s settings cannot be deleted.",
    )


def _counters() -> Iterator[tuple[str, str]]:
    fill = (
        "UPDATE enrollments SET activated_at = enrolled_at WHERE enrollment_id = NEW.enrollment_id;"
    )
    is_active = "NEW.status IN ('active', 'completed') AND NEW.activated_at IS NULL"
    yield _does("enrollments_activate_new", "AFTER INSERT ON enrollments", is_active, fill)
    yield _does("enrollments_activate", "AFTER UPDATE OF status ON enrollments", is_active, fill)
    yield _does(
        "enrollments_count_new",
        "AFTER INSERT ON enrollments",
        "NEW.activated_at IS NOT NULL",
        _COUNT_ONE,
    )
    yield _does(
        "enrollments_count",
        "AFTER UPDATE OF activated_at ON enrollments",
        "NEW.activated_at IS NOT NULL AND OLD.activated_at IS NULL",
        _COUNT_ONE,
    )
    yield _does(
        "enrollments_recount",
        "AFTER UPDATE OF activated_at, enrolled_at ON enrollments",
        "OLD.activated_at IS NOT NULL AND (NEW.activated_at IS NULL"
        " OR NEW.enrolled_at IS NOT OLD.enrolled_at)",
        "UPDATE courses SET total_enrollments = total_enrollments - (NEW.activated_at IS NULL),"
        f" last_enrollment_date = {_LATEST} WHERE course_id = OLD.course_id;",
    )
    yield _does(
        "enrollments_uncount",
        "AFTER DELETE ON enrollments",
        "OLD.activated_at IS NOT NULL",
        "UPDATE courses SET total_enrollments = total_enrollments - 1,"
        f" last_enrollment_date = {_LATEST} WHERE course_id = OLD.course_id;",
    )
    for name, head, row, delta, count in (
        ("reviews_count", "AFTER INSERT ON reviews", "NEW", "NEW.rating", 1),
        (
            "reviews_recount",
            "AFTER UPDATE OF rating ON reviews",
            "NEW",
            "NEW.rating - OLD.rating",
            0,
        ),
        ("reviews_uncount", "AFTER DELETE ON reviews", "OLD", "(-OLD.rating)", -1),
    ):
        # Ratings are kept as whole hundredths.
        yield _does(
            name,
            head,
            "",
            f"UPDATE courses SET rating_sum = rating_sum + {delta},"
            f" review_count = review_count + {count}, avg_rating = COALESCE(CAST(ROUND("
            f"(rating_sum + {delta}) * 100.0 / NULLIF(review_count + {count}, 0)) AS INTEGER), 0)"
            f" WHERE course_id = {row}.course_id;",
        )


def _progress() -> Iterator[tuple[str, str]]:
    stale = (
        "UPDATE enrollments SET progress_stale = 1 WHERE progress_stale = 0"
        " AND student_id = {row}.student_id AND course_id ="
        " (SELECT course_id FROM lessons WHERE lesson_id = {row}.lesson_id);"
    )
    done = f"UPDATE lesson_progress SET completed_at = {_NOW} WHERE progress_id = NEW.progress_id;"
    unset = "NEW.completed AND NEW.completed_at IS NULL"
    yield _does("lesson_progress_done_new", "AFTER INSERT ON lesson_progress", unset, done)
    yield _does("lesson_progress_done", "AFTER UPDATE OF completed ON lesson_progress", unset, done)
    for name, head, row, condition in (
        ("lesson_progress_stale_new", "AFTER INSERT", "NEW", "NEW.completed"),
        (
            "lesson_progress_stale",
            "AFTER UPDATE OF completed",
            "NEW",
            "NEW.completed IS NOT OLD.completed",
        ),
        ("lesson_progress_stale_old", "AFTER DELETE", "OLD", "OLD.completed"),
    ):
        yield _does(name, f"{head} ON lesson_progress", condition, stale.format(row=row))
    for name, head, row in (
        ("lessons_stale_new", "AFTER INSERT ON lessons", "NEW"),
        ("lessons_stale_old", "AFTER DELETE ON lessons", "OLD"),
    ):
        yield _does(
            name,
            head,
            "",
            "UPDATE enrollments SET progress_stale = 1"
            f" WHERE progress_stale = 0 AND course_id = {row}.course_id;",
        )
    processed = f"UPDATE payments SET processed_at = {_NOW} WHERE payment_id = NEW.payment_id;"
    completed = "NEW.status = 'completed' AND NEW.processed_at IS NULL"
    yield _does("payments_processed_new", "AFTER INSERT ON payments", completed, processed)
    yield _does("payments_processed", "AFTER UPDATE OF status ON payments", completed, processed)
    course = (
        "UPDATE payments SET course_id = (SELECT course_id FROM enrollments"
        " WHERE enrollment_id = NEW.enrollment_id) WHERE payment_id = NEW.payment_id;"
    )
    unnamed = "NEW.course_id IS NULL AND NEW.enrollment_id IS NOT NULL"
    yield _does("payments_course_new", "AFTER INSERT ON payments", unnamed, course)
    yield _does("payments_course", "AFTER UPDATE OF enrollment_id ON payments", unnamed, course)
    yield _does(
        "fraud_detection_rules_version",
        "AFTER UPDATE OF rule_condition, action, score, alert_level ON fraud_detection_rules",
        _changed("rule_condition", "action", "score", "alert_level"),
        "UPDATE fraud_detection_rules SET version = OLD.version + 1 WHERE rule_id = NEW.rule_id;",
    )


def _watching(entry: Watched) -> Iterator[tuple[str, str]]:
    columns = entry.facts + entry.hidden
    listened = f"AFTER UPDATE OF {', '.join(columns)} ON {entry.table}" if columns else ""
    if entry.updated_at:
        version = ", row_version = OLD.row_version + 1" if entry.row_version else ""
        yield _does(
            f"{entry.table}_touch",
            listened,
            _changed(*columns),
            f"UPDATE {entry.table} SET updated_at = {_NOW}{version} WHERE rowid = NEW.rowid;",
        )
    for action, row in (("insert", "NEW"), ("delete", "OLD")):
        head = f"AFTER {action.upper()} ON {entry.table}"
        if entry.audited:
            facts = ", ".join(
                f"'{column}', {_value(entry.table, column, row)}" for column in entry.facts
            )
            yield _does(
                f"{entry.table}_audit_{action}",
                head,
                "",
                _audit(entry, action, row, f"json_object({facts})"),
            )
        yield _does(f"{entry.table}_announce_{action}", head, "", _announce(entry, row))
    if entry.audited:
        parts = [_change(entry.table, column, hidden=column in entry.hidden) for column in columns]
        document = "'{}'"
        for part in parts:
            document = f"json_patch({document}, {part})"
        yield _does(
            f"{entry.table}_audit_update",
            listened,
            _changed(*columns),
            _audit(entry, "update", "NEW", document),
        )
    # Any column: seats and counters are shown too.
    yield _does(
        f"{entry.table}_announce_update",
        f"AFTER UPDATE ON {entry.table}",
        "",
        _announce(entry, "NEW"),
    )


def _value(table: str, column: str, row: str) -> str:
    """The column as JSON says it on the servers: 49.00, not 4900 cents."""
    kind = metadata.tables[table].c[column].type
    name = f"{row}.{column}"
    if isinstance(kind, Money | Percent):
        return (
            f"CASE WHEN {name} IS NULL THEN NULL"
            f" ELSE json(printf('%s%d.%02d', CASE WHEN {name} < 0 THEN '-' ELSE '' END,"
            f" abs({name}) / 100, abs({name}) % 100)) END"
        )
    return f"json({name})" if isinstance(kind, JSON) else name


def _change(table: str, column: str, *, hidden: bool) -> str:
    old, new = _value(table, column, "OLD"), _value(table, column, "NEW")
    value = "'changed'" if hidden else f"json_array({old}, {new})"
    return (
        f"CASE WHEN NEW.{column} IS OLD.{column} THEN '{{}}'"
        f" ELSE json_object('{column}', {value}) END"
    )


def _audit(entry: Watched, action: str, row: str, document: str) -> str:
    return (
        "INSERT INTO audit_log"
        " (account, operation, action, entity, entity_id, user_id, course_id, facts) VALUES"
        f" ({_ACCOUNT}, {_OPERATION}, '{action}', '{entry.table}',"
        f" {entry.entity_id.format(row=row)}, {entry.user.format(row=row)},"
        f" {entry.course.format(row=row)}, {document});"
    )


def _announce(entry: Watched, row: str) -> str:
    return (
        "INSERT INTO changes (entity, entity_id) VALUES"
        f" ('{entry.feed_name}', {entry.feed_id.format(row=row)});"
    )


def triggers() -> Iterator[tuple[str, str]]:
    """Yield (name, statement after ``CREATE ``) of every trigger."""
    yield from _refusals()
    yield from _counters()
    yield from _progress()
    for entry in WATCHED:
        yield from _watching(entry)
