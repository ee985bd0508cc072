"""What keeps the school running: settings, audit, the feed of changes, jobs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, String, UniqueConstraint, text

from learnhub_desktop.db.tables.base import key, loose, table
from learnhub_desktop.db.types import choice, code, currency, flag, moment
from learnhub_desktop.domain.states import GatewayKind, JobState, SchoolKind

school_settings: Final = table(
    "school_settings",
    Column("settings_id", Integer, primary_key=True, autoincrement=False),
    Column("school_name", String(100), nullable=False),
    choice("kind", SchoolKind),
    # Shown as a band, so that nobody takes a test for the real school. "#RRGGBB" or NULL.
    Column("band_colour", code(7)),
    currency(),
    Column("time_zone", code(64), nullable=False, server_default="UTC"),
    Column("refund_days", Integer, nullable=False, server_default=text("30")),
    Column("refund_progress_percent", Integer, nullable=False, server_default=text("20")),
    Column("hold_minutes_card", Integer, nullable=False, server_default=text("15")),
    Column("hold_minutes_transfer", Integer, nullable=False, server_default=text("10080")),
    Column("hold_minutes_cash", Integer, nullable=False, server_default=text("1440")),
    Column("hold_minutes_verification", Integer, nullable=False, server_default=text("2880")),
    Column("block_score", Integer, nullable=False, server_default=text("100")),
    choice("gateway", GatewayKind, default=GatewayKind.MANUAL),
    Column("gateway_book_id", code(64)),
    # Days after a declined renewal, and minutes after one that met no answer.
    Column("retry_declined_days", code(60), nullable=False, server_default="3,5,7"),
    Column("retry_unreachable_minutes", code(60), nullable=False, server_default="5,60,240,1440"),
    moment("updated_at", nullable=False, now=True),
    Column("row_version", Integer, nullable=False, server_default=text("1")),
    CheckConstraint("settings_id = 1", "one_row"),
    CheckConstraint("refund_days BETWEEN 0 AND 3650", "refund_days"),
    CheckConstraint("refund_progress_percent BETWEEN 0 AND 100", "refund_progress_percent"),
    CheckConstraint("hold_minutes_card > 0", "hold_minutes_card"),
    CheckConstraint("hold_minutes_transfer > 0", "hold_minutes_transfer"),
    CheckConstraint("hold_minutes_cash > 0", "hold_minutes_cash"),
    CheckConstraint("hold_minutes_verification > 0", "hold_minutes_verification"),
    CheckConstraint("block_score > 0", "block_score"),
)

schema_info: Final = table(
    "schema_info",
    Column("info_id", Integer, primary_key=True, autoincrement=False),
    # Raised by a migration that older programs cannot work with.
    Column("schema_version", Integer, nullable=False),
    Column("oldest_client", Integer, nullable=False),
    Column("definer", code(160)),
    # Who is migrating, until when: two administrators do not migrate at once.
    Column("lease_owner", code(160)),
    moment("lease_until"),
    moment("updated_at", nullable=False, now=True),
    CheckConstraint("info_id = 1", "one_row"),
)

# The triggers and views as they were last made, so that an upgrade makes only what changed.
schema_objects: Final = table(
    "schema_objects",
    Column("object_name", code(64), primary_key=True),
    Column("kind", code(16), nullable=False),
    Column("checksum", code(64), nullable=False),
)

audit_log: Final = table(
    "audit_log",
    key("audit_id"),
    moment("created_at", nullable=False, now=True),
    # The server's word for who it was; `operation` is only what the program said of itself.
    Column("account", code(160), nullable=False),
    Column("operation", code(64)),
    Column("action", code(8), nullable=False),
    Column("entity", code(40), nullable=False),
    Column("entity_id", code(100), nullable=False),
    loose("user_id"),
    loose("course_id"),
    # Ids and facts, never a name or an e-mail: what is anonymised once stays so.
    Column("facts", JSON),
    Index(None, "entity", "entity_id"),
    Index(None, "created_at"),
    Index(None, "user_id", "created_at"),
    Index(None, "course_id", "created_at"),
    Index(None, "account", "created_at"),
)

changes: Final = table(
    "changes",
    key("change_id"),
    Column("entity", code(16), nullable=False),
    loose("entity_id"),
    moment("created_at", nullable=False, now=True),
    Index(None, "created_at"),
)

job_runs: Final = table(
    "job_runs",
    key("run_id"),
    Column("job", code(40), nullable=False),
    moment("due_at", nullable=False),
    choice("state", JobState, default=JobState.DUE),
    # Whoever holds the lease runs the job; a lease that ran out may be taken over.
    Column("lease_owner", code(160)),
    moment("lease_until"),
    moment("started_at"),
    moment("finished_at"),
    Column("done_count", Integer, nullable=False, server_default=text("0")),
    Column("total_count", Integer),
    flag("cancel_requested"),
    Column("result", JSON),
    Column("message", String(500)),
    UniqueConstraint("job", "due_at"),
    Index(None, "state", "due_at"),
)
