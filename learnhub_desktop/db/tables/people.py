"""Users of the school, and the accounts that work on it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Text, text

from learnhub_desktop.db.tables.base import key, ref, table
from learnhub_desktop.db.types import amount, choice, code, currency, flag, moment
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import MovementKind, UserType
from learnhub_desktop.domain.text import EMAIL_LENGTH, NAME_LENGTH, SEARCH_LENGTH

users: Final = table(
    "users",
    key("user_id"),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("email", code(EMAIL_LENGTH), nullable=False, unique=True),
    choice("user_type", UserType, default=UserType.STUDENT),
    amount("account_balance", default="0"),
    currency("balance_currency"),
    Column("country", code(2)),
    Column("external_id", code(100), unique=True),
    Column("search_text", String(SEARCH_LENGTH), nullable=False, server_default=""),
    moment("last_purchase_at"),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
    moment("deleted_at"),
    Column("deletion_reason", Text),
    Column("row_version", Integer, nullable=False, server_default=text("1")),
    Index(None, "user_type", "search_text"),
    Index(None, "user_type", "created_at"),
    Index(None, "search_text"),
)

people: Final = table(
    "people",
    # The server's account name, without its host: what USER() says before the "@".
    Column("account", code(80), primary_key=True),
    ref("user_id", "users.user_id", nullable=True),
    choice("role", Role),
    flag("disabled"),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
)

balance_movements: Final = table(
    "balance_movements",
    key("movement_id"),
    ref("user_id", "users.user_id"),
    Column("payment_id", users.c.user_id.type, nullable=True),
    choice("kind", MovementKind),
    amount("amount", signed=True),
    currency(),
    amount("balance_after"),
    Column("reason", String(500)),
    moment("created_at", nullable=False, now=True),
    CheckConstraint("amount <> 0", "amount"),
    Index(None, "user_id", "created_at"),
    Index(None, "payment_id"),
)
