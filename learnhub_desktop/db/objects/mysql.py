"""Triggers of MySQL and MariaDB: what the server itself holds, whoever writes.

Within a table all rules of one moment stand in one trigger, in this order: refuse, fill in,
count, audit, announce. A BEFORE INSERT trigger locks the course before the AFTER trigger
counts on it: counting alone deadlocks, since the foreign key's shared lock on the course
would have to be raised, and counting in BEFORE drifts under INSERT IGNORE.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from sqlalchemy import JSON, String

from learnhub_desktop.db.objects.watched import WATCHED, Watched
from learnhub_desktop.db.tables import metadata
from learnhub_desktop.domain.states import ENROLMENT_MOVES, PAYMENT_MOVES, say

_NOW: Final = "UTC_TIMESTAMP(6)"
_SCHOOL_CURRENCY: Final = (
    "COALESCE((SELECT currency FROM school_settings WHERE settings_id = 1), 'USD')"
)
_ACTIVE: Final = "('active', 'completed')"
_UPDATED: Final = f"SET NEW.updated_at = {_NOW};"

# Rules of one table at one moment, before what `watched` adds to them.
_RULES: Final[dict[tuple[str, str], list[str]]] = {}


def _rule(table: str, moment: str, *statements: str) -> None:
    _RULES.setdefault((table, moment), []).extend(statements)


def _refuse(condition: str, sentence: str) -> str:
    return f"IF {condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{sentence}'; END IF;"


def _refuse_moves(moves: dict[StrEnum, frozenset[StrEnum]], noun: str) -> str:
    """One IF for the whole table of legal moves; the words of the refusal are the code's own."""
    legal = " OR ".join(
        f"(OLD.status = '{old}' AND NEW.status IN ({', '.join(repr(str(n)) for n in sorted(new))}))"
        for old, new in moves.items()
        if new
    )
    said = "CASE {row}.status " + " ".join(f"WHEN '{s}' THEN '{say(s)}'" for s in moves) + " END"
    return (
        f"IF NEW.status <> OLD.status AND NOT ({legal}) THEN "
        f"SET refusal = CONCAT('{noun} that is ', {said.format(row='OLD')}, "
        f"' cannot become ', {said.format(row='NEW')}, '.'); "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = refusal; END IF;"
    )


def _unchanged(*columns: str) -> str:
    return " AND ".join(f"NEW.{column} <=> OLD.{column}" for column in columns)


_FILL_SEARCH_USER: Final = (
    "SET NEW.search_text = LEFT(LOWER(CONCAT(NEW.name, ' ', NEW.email)), 480);"
)
_rule(
    "users",
    "BEFORE INSERT",
    "SET NEW.email = LOWER(TRIM(NEW.email));",
    f"IF NEW.balance_currency = '' THEN SET NEW.balance_currency = {_SCHOOL_CURRENCY}; END IF;",
    f"IF NEW.search_text = '' THEN {_FILL_SEARCH_USER} END IF;",
)
_rule(
    "users",
    "BEFORE UPDATE",
    "SET NEW.email = LOWER(TRIM(NEW.email));",
    f"IF NOT ({_unchanged('name', 'email')}) AND NEW.search_text <=> OLD.search_text THEN "
    f"{_FILL_SEARCH_USER} END IF;",
)

_rule(
    "courses",
    "BEFORE INSERT",
    f"IF NEW.currency = '' THEN SET NEW.currency = {_SCHOOL_CURRENCY}; END IF;",
    "IF NEW.search_text = '' THEN SET NEW.search_text = LEFT(LOWER(NEW.title), 480); END IF;",
)
_rule(
    "courses",
    "BEFORE UPDATE",
    _refuse(
        "NEW.enrolled_students > OLD.enrolled_students AND NEW.max_students IS NOT NULL"
        " AND NEW.enrolled_students > NEW.max_students"
        " AND NOT COALESCE(@learnhub_operation, '') = 'verify'",
        "This course is full.",
    ),
    "IF NOT (NEW.title <=> OLD.title) AND NEW.search_text <=> OLD.search_text THEN"
    " SET NEW.search_text = LEFT(LOWER(NEW.title), 480); END IF;",
)

_LOCK_COURSE: Final = (
    "SELECT course_id INTO locked_id FROM courses WHERE course_id = NEW.course_id FOR UPDATE;"
)
_FILL_ACTIVATED: Final = (
    f"IF NEW.status IN {_ACTIVE} AND NEW.activated_at IS NULL THEN"
    " SET NEW.activated_at = NEW.enrolled_at; END IF;"
)
_LATEST: Final = (
    "(SELECT MAX(enrolled_at) FROM enrollments"
    " WHERE course_id = OLD.course_id AND activated_at IS NOT NULL)"
)
_rule("enrollments", "BEFORE INSERT", _LOCK_COURSE, _FILL_ACTIVATED)
_rule(
    "enrollments",
    "AFTER INSERT",
    "IF NEW.activated_at IS NOT NULL THEN"
    " UPDATE courses SET total_enrollments = total_enrollments + 1,"
    " last_enrollment_date = GREATEST(COALESCE(last_enrollment_date, NEW.enrolled_at),"
    " NEW.enrolled_at) WHERE course_id = NEW.course_id; END IF;",
)
_rule(
    "enrollments",
    "BEFORE UPDATE",
    _refuse(
        f"NOT ({_unchanged('student_id', 'course_id')})",
        "An enrolment cannot be moved to another student or course.",
    ),
    _refuse_moves(ENROLMENT_MOVES, "An enrolment"),  # type: ignore[arg-type]  # dict is invariant
    _FILL_ACTIVATED,
)
_rule(
    "enrollments",
    "AFTER UPDATE",
    "IF NEW.activated_at IS NOT NULL AND OLD.activated_at IS NULL THEN"
    " UPDATE courses SET total_enrollments = total_enrollments + 1,"
    " last_enrollment_date = GREATEST(COALESCE(last_enrollment_date, NEW.enrolled_at),"
    " NEW.enrolled_at) WHERE course_id = NEW.course_id;"
    " ELSEIF (NEW.activated_at IS NULL) <> (OLD.activated_at IS NULL)"
    " OR (NEW.activated_at IS NOT NULL AND NEW.enrolled_at <> OLD.enrolled_at) THEN"
    " UPDATE courses SET total_enrollments = total_enrollments - (NEW.activated_at IS NULL),"
    f" last_enrollment_date = {_LATEST} WHERE course_id = NEW.course_id; END IF;",
)
_rule(
    "enrollments",
    "AFTER DELETE",
    "IF OLD.activated_at IS NOT NULL THEN"
    " UPDATE courses SET total_enrollments = total_enrollments - 1,"
    f" last_enrollment_date = {_LATEST} WHERE course_id = OLD.course_id; END IF;",
)

_rule("reviews", "BEFORE INSERT", _LOCK_COURSE)
_rule(
    "reviews",
    "BEFORE UPDATE",
    _refuse(
        f"NOT ({_unchanged('student_id', 'course_id')})",
        "A review cannot be moved to another student or course.",
    ),
)
# Assignments run from left to right on both servers: the average is set from the old sums.
_rule(
    "reviews",
    "AFTER INSERT",
    "UPDATE courses SET avg_rating = ROUND((rating_sum + NEW.rating) / (review_count + 1), 2),"
    " rating_sum = rating_sum + NEW.rating, review_count = review_count + 1"
    " WHERE course_id = NEW.course_id;",
)
_rule(
    "reviews",
    "AFTER UPDATE",
    "IF NEW.rating <> OLD.rating THEN UPDATE courses SET"
    " avg_rating = ROUND((rating_sum + NEW.rating - OLD.rating) / review_count, 2),"
    " rating_sum = rating_sum + NEW.rating - OLD.rating"
    " WHERE course_id = NEW.course_id; END IF;",
)
_rule(
    "reviews",
    "AFTER DELETE",
    "UPDATE courses SET"
    " avg_rating = COALESCE(ROUND((rating_sum - OLD.rating) / NULLIF(review_count - 1, 0), 2), 0),"
    " rating_sum = rating_sum - OLD.rating, review_count = review_count - 1"
    " WHERE course_id = OLD.course_id;",
)

_FILL_DONE: Final = (
    f"IF NEW.completed AND NEW.completed_at IS NULL THEN SET NEW.completed_at = {_NOW}; END IF;"
)
_STALE: Final = (
    "UPDATE enrollments SET progress_stale = 1 WHERE progress_stale = 0"
    " AND student_id = {row}.student_id AND course_id ="
    " (SELECT course_id FROM lessons WHERE lesson_id = {row}.lesson_id);"
)
_rule("lesson_progress", "BEFORE INSERT", _FILL_DONE)
_rule("lesson_progress", "BEFORE UPDATE", _FILL_DONE)
_rule(
    "lesson_progress",
    "AFTER INSERT",
    f"IF NEW.completed THEN {_STALE.format(row='NEW')} END IF;",
)
_rule(
    "lesson_progress",
    "AFTER UPDATE",
    f"IF NEW.completed <> OLD.completed THEN {_STALE.format(row='NEW')} END IF;",
)
_rule(
    "lesson_progress",
    "AFTER DELETE",
    f"IF OLD.completed THEN {_STALE.format(row='OLD')} END IF;",
)
_COURSE_STALE: Final = (
    "UPDATE enrollments SET progress_stale = 1"
    " WHERE progress_stale = 0 AND course_id = {row}.course_id;"
)
_rule("lessons", "AFTER INSERT", _COURSE_STALE.format(row="NEW"))
_rule("lessons", "AFTER DELETE", _COURSE_STALE.format(row="OLD"))

_FILL_PROCESSED: Final = (
    "IF NEW.status = 'completed' AND NEW.processed_at IS NULL THEN"
    f" SET NEW.processed_at = {_NOW}; END IF;"
)
_rule(
    "payments",
    "BEFORE INSERT",
    "IF NEW.course_id IS NULL AND NEW.enrollment_id IS NOT NULL THEN SET NEW.course_id ="
    " (SELECT course_id FROM enrollments WHERE enrollment_id = NEW.enrollment_id); END IF;",
    "IF NEW.currency = '' THEN SET NEW.currency = COALESCE("
    "(SELECT currency FROM courses WHERE course_id = NEW.course_id),"
    f" {_SCHOOL_CURRENCY}); END IF;",
    _FILL_PROCESSED,
)
_rule(
    "payments",
    "BEFORE UPDATE",
    _refuse(
        "NOT ("
        + _unchanged("user_id", "kind", "currency", "refunds_payment_id", "idempotency_key")
        + ") OR (NEW.amount <> OLD.amount AND OLD.status NOT IN ('pending', 'unknown'))",
        "What was paid, by whom and under which key cannot be changed.",
    ),
    _refuse_moves(PAYMENT_MOVES, "A payment"),  # type: ignore[arg-type]  # dict is invariant
    _refuse(
        "NEW.status = 'refunded' AND NEW.refunded_amount <> NEW.amount",
        "A payment is refunded only when all of it went back.",
    ),
    "IF NEW.course_id IS NULL AND NEW.enrollment_id IS NOT NULL THEN SET NEW.course_id ="
    " (SELECT course_id FROM enrollments WHERE enrollment_id = NEW.enrollment_id); END IF;",
    _FILL_PROCESSED,
)
_rule(
    "payments",
    "BEFORE DELETE",
    _refuse(
        "NOT EXISTS (SELECT 1 FROM payments_archive a WHERE a.payment_id = OLD.payment_id"
        " AND a.created_at = OLD.created_at AND a.amount = OLD.amount"
        " AND a.status = OLD.status AND a.refunded_amount = OLD.refunded_amount)",
        "A payment leaves only once it stands in the archive.",
    ),
)
_rule(
    "payment_events",
    "BEFORE UPDATE",
    _refuse("TRUE", "Payment events are never changed."),
)
_rule(
    "payment_events",
    "BEFORE DELETE",
    _refuse(
        "NOT EXISTS (SELECT 1 FROM payment_events_archive a WHERE a.event_id = OLD.event_id"
        " AND a.payment_id = OLD.payment_id AND a.created_at = OLD.created_at"
        " AND a.event_type = OLD.event_type)",
        "A payment event leaves only once it stands in the archive.",
    ),
)
for _table, _sentence in (
    ("audit_log", "The audit is never changed."),
    ("balance_movements", "Movements of a balance are never changed."),
):
    _rule(_table, "BEFORE UPDATE", _refuse("TRUE", _sentence))
    _rule(_table, "BEFORE DELETE", _refuse("TRUE", _sentence))
_rule(
    "subscription_payments",
    "BEFORE INSERT",
    "IF NEW.currency = '' THEN SET NEW.currency = COALESCE((SELECT p.currency"
    " FROM subscriptions s JOIN subscription_plans p ON p.plan_type = s.plan_type"
    f" WHERE s.subscription_id = NEW.subscription_id), {_SCHOOL_CURRENCY}); END IF;",
)
_rule(
    "flash_sales",
    "BEFORE INSERT",
    "IF NEW.currency = '' THEN SET NEW.currency = COALESCE("
    "(SELECT currency FROM courses WHERE course_id = NEW.course_id),"
    f" {_SCHOOL_CURRENCY}); END IF;",
)
_rule(
    "fraud_detection_rules",
    "BEFORE UPDATE",
    "IF NOT ("
    + _unchanged("rule_condition", "action", "score", "alert_level")
    + ") THEN SET NEW.version = OLD.version + 1; END IF;",
)
_rule(
    "school_settings",
    "BEFORE DELETE",
    _refuse("TRUE", "The school’s settings cannot be deleted."),
)


def triggers() -> Iterator[tuple[str, str]]:
    """Yield (name, statement after ``CREATE DEFINER=... ``) of every trigger."""
    watched = {entry.table: entry for entry in WATCHED}
    for name in metadata.tables:
        for moment in (f"{when} {what}" for what in _ACTIONS for when in ("BEFORE", "AFTER")):
            body = list(_RULES.get((name, moment), ()))
            if name in watched:
                body += _added(watched[name], moment)
            if body:
                trigger = f"{name}_{moment.lower().replace(' ', '_')}"
                yield trigger, _text(trigger, name, moment, body)


_ACTIONS: Final = ("INSERT", "UPDATE", "DELETE")


def _text(trigger: str, table: str, moment: str, body: list[str]) -> str:
    declared = [
        f"DECLARE {variable};"
        for word, variable in (
            ("locked_id", "locked_id BIGINT"),
            ("refusal", "refusal VARCHAR(128) CHARACTER SET utf8mb4"),
        )
        if any(word in line for line in body)
    ]
    lines = "\n  ".join(declared + body)
    return f"TRIGGER {trigger} {moment} ON {table} FOR EACH ROW\nBEGIN\n  {lines}\nEND"


def _added(entry: Watched, moment: str) -> list[str]:
    """What `watched` adds: version and time before a change, audit and feed after it."""
    columns = entry.facts + entry.hidden
    match moment:
        case "BEFORE UPDATE":
            added = [_UPDATED] if entry.updated_at else []
            if entry.row_version:
                same = " AND ".join(_same(entry.table, column) for column in columns)
                added.append(
                    f"IF NOT ({same}) THEN SET NEW.row_version = OLD.row_version + 1; END IF;"
                )
            return added
        case "AFTER INSERT":
            return [*_audit(entry, "insert", "NEW"), *_announce(entry, "NEW")]
        case "AFTER DELETE":
            return [*_audit(entry, "delete", "OLD"), *_announce(entry, "OLD")]
        case "AFTER UPDATE":
            return [*_audit(entry, "update", "NEW"), *_announce(entry, "NEW")]
    return []


def _audit(entry: Watched, action: str, row: str) -> list[str]:
    if not entry.audited:
        return []
    if action == "update":
        facts = ", ".join(_change(entry.table, column, hidden=False) for column in entry.facts)
        hidden = ", ".join(_change(entry.table, column, hidden=True) for column in entry.hidden)
        document = (
            "JSON_MERGE_PATCH('{}', '{}', " + ", ".join(p for p in (facts, hidden) if p) + ")"
        )
    else:
        pairs = ", ".join(f"'{column}', {row}.{column}" for column in entry.facts)
        document = f"JSON_OBJECT({pairs})"
    insert = (
        "INSERT INTO audit_log"
        " (account, operation, action, entity, entity_id, user_id, course_id, facts) VALUES"
        f" (USER(), @learnhub_operation, '{action}', '{entry.table}',"
        f" {entry.entity_id.format(row=row)}, {entry.user.format(row=row)},"
        f" {entry.course.format(row=row)}, {document});"
    )
    if action != "update":
        return [insert]
    same = " AND ".join(_same(entry.table, column) for column in entry.facts + entry.hidden)
    return [f"IF NOT ({same}) THEN {insert} END IF;"]


def _announce(entry: Watched, row: str) -> list[str]:
    if not entry.feed:
        return []
    return [
        "INSERT INTO changes (entity, entity_id) VALUES"
        f" ('{entry.feed_name}', {entry.feed_id.format(row=row)});"
    ]


def _same(table: str, column: str) -> str:
    """Equal to the letter: the text collation would miss "sql" become "SQL"."""
    kind = metadata.tables[table].c[column].type
    collate = " COLLATE utf8mb4_bin" if isinstance(kind, String) else ""
    return f"NEW.{column} <=> OLD.{column}{collate}"


def _change(table: str, column: str, *, hidden: bool) -> str:
    value = "'changed'" if hidden else f"JSON_ARRAY(OLD.{column}, NEW.{column})"
    if not hidden and isinstance(metadata.tables[table].c[column].type, JSON):
        value = f"JSON_ARRAY(JSON_EXTRACT(OLD.{column}, '$'), JSON_EXTRACT(NEW.{column}, '$'))"
    return f"IF({_same(table, column)}, '{{}}', JSON_OBJECT('{column}', {value}))"
