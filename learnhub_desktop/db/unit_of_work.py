"""One transaction: its clock, its actor and the repositories that work in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Connection

from learnhub_desktop.db import repositories
from learnhub_desktop.domain.actors import Actor

Clock = Callable[[Connection], datetime]


def database_now(connection: Connection) -> datetime:
    """The database's clock, aware UTC: desks' own clocks disagree."""
    if connection.dialect.name == "sqlite":
        stamp = connection.exec_driver_sql(
            "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')"
        ).scalar_one()
        return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    naive: datetime = connection.exec_driver_sql("SELECT UTC_TIMESTAMP(6)").scalar_one()
    return naive.replace(tzinfo=UTC)


class UnitOfWork:
    """One transaction: its clock, its actor and the repositories that work in it."""

    def __init__(self, connection: Connection, *, actor: Actor, clock: Clock) -> None:
        self.connection = connection
        self.actor = actor
        self._clock = clock
        self._now: datetime | None = None
        self.is_kept = True

    def keep_nothing(self) -> None:
        """Roll back at the end, since there was nothing to do: what was written only locked."""
        self.is_kept = False

    def now(self) -> datetime:
        """The database's time (aware UTC), one value a transaction."""
        if self._now is None:
            self._now = self._clock(self.connection)
        return self._now

    def known_now(self) -> datetime | None:
        """The time, where it is known without asking the database for its own."""
        return None if self._now is None and self._clock is database_now else self.now()

    def came_at(self, now: datetime) -> None:
        """Take the database's time that came along with rows, instead of asking for it."""
        if self._now is None and self._clock is database_now:
            self._now = now

    @cached_property
    def access(self) -> repositories.AccessRepository:
        return repositories.AccessRepository(self.connection)

    @cached_property
    def archives(self) -> repositories.ArchiveRepository:
        return repositories.ArchiveRepository(self.connection)

    @cached_property
    def balances(self) -> repositories.BalanceRepository:
        return repositories.BalanceRepository(self.connection)

    @cached_property
    def billing(self) -> repositories.BillingRepository:
        return repositories.BillingRepository(self.connection)

    @cached_property
    def courses(self) -> repositories.CourseRepository:
        return repositories.CourseRepository(self.connection)

    @cached_property
    def enrolments(self) -> repositories.EnrolmentRepository:
        return repositories.EnrolmentRepository(self.connection)

    @cached_property
    def feed(self) -> repositories.FeedRepository:
        return repositories.FeedRepository(self.connection)

    @cached_property
    def fraud(self) -> repositories.FraudRepository:
        return repositories.FraudRepository(self.connection)

    @cached_property
    def jobs(self) -> repositories.JobRepository:
        return repositories.JobRepository(self.connection)

    @cached_property
    def keys(self) -> repositories.KeyRepository:
        return repositories.KeyRepository(self.connection)

    @cached_property
    def lessons(self) -> repositories.LessonRepository:
        return repositories.LessonRepository(self.connection)

    @cached_property
    def lists(self) -> repositories.ListRepository:
        return repositories.ListRepository(self.connection)

    @cached_property
    def partitions(self) -> repositories.PartitionRepository:
        return repositories.PartitionRepository(self.connection)

    @cached_property
    def payments(self) -> repositories.PaymentRepository:
        return repositories.PaymentRepository(self.connection)

    @cached_property
    def progress(self) -> repositories.ProgressRepository:
        return repositories.ProgressRepository(self.connection)

    @cached_property
    def purchases(self) -> repositories.PurchaseRepository:
        return repositories.PurchaseRepository(self.connection)

    @cached_property
    def revenue(self) -> repositories.RevenueRepository:
        return repositories.RevenueRepository(self.connection)

    @cached_property
    def sales(self) -> repositories.SaleRepository:
        return repositories.SaleRepository(self.connection)

    @cached_property
    def settings(self) -> repositories.SettingsRepository:
        return repositories.SettingsRepository(self.connection)

    @cached_property
    def subscriptions(self) -> repositories.SubscriptionRepository:
        return repositories.SubscriptionRepository(self.connection)

    @cached_property
    def users(self) -> repositories.UserRepository:
        return repositories.UserRepository(self.connection)

    @cached_property
    def years(self) -> repositories.YearRepository:
        return repositories.YearRepository(self.connection)
