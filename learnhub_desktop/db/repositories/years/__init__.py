"""Payments of closed years: moved to the archive, read there, dropped."""

from learnhub_desktop.db.repositories.years.archive import YearRepository
from learnhub_desktop.db.repositories.years.partitions import PartitionRepository

__all__ = ["PartitionRepository", "YearRepository"]
