"""Column types that mean the same on MySQL, MariaDB and SQLite."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    Numeric,
    String,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

# Both servers know this collation and it tells emoji apart; the servers' own defaults are
# unknown to each other. Keys compare by code point.
TEXT_COLLATION: Final = "utf8mb4_unicode_520_ci"
KEY_COLLATION: Final = "utf8mb4_bin"

BigId: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers INTEGER keys only


class Moment(TypeDecorator[datetime]):
    """A point in time: aware UTC in Python, naive UTC with microseconds in the column."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "mysql":
            # Without fsp MySQL rounds to whole seconds, so a row would not read back equal.
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"naive datetime {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class _Hundredths(TypeDecorator[Decimal]):
    """Exact hundredths: DECIMAL on servers, whole hundredths in SQLite, whose NUMERIC is a float."""

    impl = Numeric
    cache_ok = True
    digits = 12

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.digits, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"{value!r} is not a Decimal")
        if value != value.quantize(Decimal("0.01")):
            raise ValueError(f"{value} has more than two decimals")
        return int(value * 100) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return (Decimal(value) / 100).quantize(Decimal("0.01"))
        return Decimal(value).quantize(Decimal("0.01"))


class Money(_Hundredths):
    """An amount in DECIMAL(12,2); its currency stands in a column beside it."""

    cache_ok = True
    digits = 12


class Percent(_Hundredths):
    """0.00 to 100.00 in DECIMAL(5,2), or a rating of 0.00 to 5.00."""

    cache_ok = True
    digits = 5


def code(length: int) -> Any:
    """A word or key that compares by code point, so that "Active" is not "active"."""
    return String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation=KEY_COLLATION), "mysql"
    )


class UtcNow(ColumnElement[datetime]):
    """The database's own clock as a column default, with microseconds, whatever the session's zone."""

    inherit_cache = True
    type = Moment()


@compiles(UtcNow, "mysql")
def _utc_now_mysql(element: UtcNow, compiler: Any, **options: Any) -> str:
    return "(UTC_TIMESTAMP(6))"


@compiles(UtcNow, "sqlite")
def _utc_now_sqlite(element: UtcNow, compiler: Any, **options: Any) -> str:
    # SQLite's clock has milliseconds; six digits keep one width, which text comparison needs.
    return "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"


class ClockNow(UtcNow):
    """The database's clock when the row is read, and not when the statement began.

    So a lock that was waited for is not older than its time. The session must be at +00:00.
    """

    inherit_cache = True


@compiles(ClockNow, "mysql")
def _clock_now_mysql(element: ClockNow, compiler: Any, **options: Any) -> str:
    return "SYSDATE(6)"


@compiles(ClockNow, "sqlite")
def _clock_now_sqlite(element: ClockNow, compiler: Any, **options: Any) -> str:
    return _utc_now_sqlite(element, compiler)


def moment(name: str, *, nullable: bool = True, now: bool = False) -> Column[Any]:
    """A moment's column; with ``now`` the database fills it when an INSERT leaves it out."""
    return Column(name, Moment, nullable=nullable, server_default=UtcNow() if now else None)


def choice(
    name: str,
    words: type[StrEnum],
    *,
    default: StrEnum | None = None,
    nullable: bool = False,
    length: int = 32,
) -> tuple[Column[Any], CheckConstraint]:
    """A word of a fixed vocabulary and its CHECK: VARCHAR, since a native ENUM sorts by position."""
    column: Column[Any] = Column(
        name,
        code(length),
        nullable=nullable,
        server_default=None if default is None else str(default),
    )
    return column, CheckConstraint(f"{name} IN ({', '.join(repr(str(w)) for w in words)})", name)


def amount(
    name: str, *, default: str | None = None, nullable: bool = False, signed: bool = False
) -> tuple[Any, ...]:
    """A money column with the CHECKs that every amount has."""
    column: Column[Any] = Column(name, Money, nullable=nullable, server_default=default)
    checks = [_whole_in_sqlite(name)]
    if not signed:
        checks.append(CheckConstraint(f"{name} >= 0", f"{name}_not_negative"))
    return (column, *checks)


def percent(name: str, *, highest: int, default: str = "0") -> tuple[Any, ...]:
    """0 to ``highest`` with two decimals."""
    column: Column[Any] = Column(name, Percent, nullable=False, server_default=default)
    return (
        column,
        _whole_in_sqlite(name),
        CheckConstraint(f"{name} BETWEEN 0 AND {highest}", name).ddl_if(dialect="mysql"),
        CheckConstraint(f"{name} BETWEEN 0 AND {highest}00", name).ddl_if(dialect="sqlite"),
    )


def currency(name: str = "currency") -> tuple[Column[Any], CheckConstraint]:
    """Three capitals. A trigger of the servers fills it where another program leaves it out."""
    return (
        Column(name, code(3), nullable=False, server_default=""),
        CheckConstraint(f"LENGTH({name}) = 3", name),
    )


def flag(name: str, *, default: bool = False) -> tuple[Column[Any], CheckConstraint]:
    return (
        Column(name, Boolean, nullable=False, server_default=text("1" if default else "0")),
        CheckConstraint(f"{name} IN (0, 1)", name),
    )


def _whole_in_sqlite(name: str) -> CheckConstraint:
    # SQLite keeps 0.5 in an INTEGER column without a word; the servers round to two decimals.
    check = CheckConstraint(f"{name} IS NULL OR typeof({name}) = 'integer'", f"{name}_whole")
    return check.ddl_if(dialect="sqlite")


class AllRows(FunctionElement[str]):
    """The rows of these columns as one JSON text: a list of lists, in no order; NULL for none."""

    inherit_cache = True
    type = String()
    name = "all_rows"


@compiles(AllRows, "mysql")
def _all_rows_mysql(element: AllRows, compiler: Any, **options: Any) -> str:
    columns = compiler.process(element.clauses, **options)
    return f"CAST(JSON_ARRAYAGG(JSON_ARRAY({columns})) AS CHAR)"


@compiles(AllRows, "sqlite")
def _all_rows_sqlite(element: AllRows, compiler: Any, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"
