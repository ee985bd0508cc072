"""The school's settings row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select, update

from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.tables import school_settings, subscription_plans
from learnhub_desktop.domain.school import Plan, SchoolSettings
from learnhub_desktop.domain.states import GatewayKind, SchoolKind
from learnhub_desktop.errors import NotFound, SchemaMismatch

_COLUMNS: Final = tuple(school_settings.c[name] for name in SchoolSettings.__dataclass_fields__)
_KIND: Final = tuple(SchoolSettings.__dataclass_fields__).index("kind")
_GATEWAY: Final = tuple(SchoolSettings.__dataclass_fields__).index("gateway")

# Made once: nearly every transaction reads the settings.
_GET: Final = select(*_COLUMNS).where(school_settings.c.settings_id == 1)
_LOCK: Final = _GET.with_for_update()

_PLAN: Final = [subscription_plans.c[name] for name in Plan.__dataclass_fields__]


class SettingsRepository(Repository):
    """The one row that holds the school's policy."""

    def get(self) -> SchoolSettings:
        """The settings as they stand; SchemaMismatch where the database holds no school."""
        return self._one(lock=False)

    def lock(self) -> SchoolSettings:
        """The settings, locked: what edits of prerequisites and of settings queue on."""
        return self._one(lock=True)

    def _one(self, *, lock: bool) -> SchoolSettings:
        found = self.connection.execute(_LOCK if lock else _GET).one_or_none()
        if found is None:
            raise no_school()
        return _settings(found)

    def update(self, values: dict[str, object]) -> None:
        self.connection.execute(
            update(school_settings).where(school_settings.c.settings_id == 1).values(**values)
        )

    def plans(self) -> tuple[Plan, ...]:
        """Every plan, the shortest period first."""
        rows = self.connection.execute(select(*_PLAN).order_by(subscription_plans.c.period_months))
        return tuple(_plan(row) for row in rows)

    def lock_plan(self, plan_type: str) -> Plan:
        row = self.connection.execute(
            select(*_PLAN).where(subscription_plans.c.plan_type == plan_type).with_for_update()
        ).one_or_none()
        if row is None:
            raise NotFound(f"There is no plan “{plan_type}”.")
        return _plan(row)

    def update_plan(self, plan_type: str, **values: object) -> None:
        self.connection.execute(
            update(subscription_plans)
            .where(subscription_plans.c.plan_type == plan_type)
            .values(**values)
        )


def _settings(row: Sequence[Any]) -> SchoolSettings:
    values = list(row)
    values[_KIND] = SchoolKind(values[_KIND])
    values[_GATEWAY] = GatewayKind(values[_GATEWAY])
    return SchoolSettings(*values)


def no_school() -> SchemaMismatch:
    return SchemaMismatch(
        "This database holds no school yet. "
        "An administrator can set it up with `learnhub db create`."
    )


def _plan(row: Any) -> Plan:
    return Plan(**{**row._mapping, "offered": bool(row.offered)})
