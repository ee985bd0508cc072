"""SQL by topic: locked rows for writing, plain rows for reading."""

from learnhub_desktop.db.repositories.access import AccessRepository
from learnhub_desktop.db.repositories.archives import ArchiveRepository
from learnhub_desktop.db.repositories.balances import BalanceRepository
from learnhub_desktop.db.repositories.billing import BillingRepository
from learnhub_desktop.db.repositories.courses import CourseRepository
from learnhub_desktop.db.repositories.enrolments import EnrolmentRepository
from learnhub_desktop.db.repositories.feed import FeedRepository
from learnhub_desktop.db.repositories.fraud import FraudRepository
from learnhub_desktop.db.repositories.jobs import JobRepository
from learnhub_desktop.db.repositories.keys import KeyRepository
from learnhub_desktop.db.repositories.lessons import LessonRepository
from learnhub_desktop.db.repositories.lists import ListRepository
from learnhub_desktop.db.repositories.payments import PaymentRepository
from learnhub_desktop.db.repositories.progress import ProgressRepository
from learnhub_desktop.db.repositories.purchases import PurchaseRepository
from learnhub_desktop.db.repositories.revenue import RevenueRepository
from learnhub_desktop.db.repositories.sales import SaleRepository
from learnhub_desktop.db.repositories.settings import SettingsRepository
from learnhub_desktop.db.repositories.subscriptions import SubscriptionRepository
from learnhub_desktop.db.repositories.users import UserRepository
from learnhub_desktop.db.repositories.years import PartitionRepository, YearRepository

__all__ = [
    "AccessRepository",
    "ArchiveRepository",
    "BalanceRepository",
    "BillingRepository",
    "CourseRepository",
    "EnrolmentRepository",
    "FeedRepository",
    "FraudRepository",
    "JobRepository",
    "KeyRepository",
    "LessonRepository",
    "ListRepository",
    "PartitionRepository",
    "PaymentRepository",
    "ProgressRepository",
    "PurchaseRepository",
    "RevenueRepository",
    "SaleRepository",
    "SettingsRepository",
    "SubscriptionRepository",
    "UserRepository",
    "YearRepository",
]
