"""What random stories choose from."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.gateways.port import Operation

N = st.integers(0, 5)
METHODS: Final = st.sampled_from(
    [PaymentMethod.CREDIT_CARD] * 4
    + [PaymentMethod.BANK_TRANSFER, PaymentMethod.CASH, PaymentMethod.ACCOUNT_BALANCE]
)
CARDS: Final = st.sampled_from(
    ["visa"] * 5
    + ["declined", "lost_answer", "late", "unreachable", "refund_pending", "refund_declined"]
)
MOODS: Final = st.sampled_from(
    [
        (Mood.DECLINE, Operation.CHARGE),
        (Mood.DECLINE, Operation.REFUND),
        (Mood.LATE, Operation.CHARGE),
        (Mood.LATE, Operation.REFUND),
        (Mood.LOST_ANSWER, Operation.CHARGE),
        (Mood.LOST_ANSWER, Operation.REFUND),
        (Mood.LOST_ANSWER, Operation.LOOKUP),
        (Mood.LOST_ANSWER, Operation.VOID),
        (Mood.UNREACHABLE, Operation.CHARGE),
        (Mood.UNREACHABLE, Operation.REFUND),
        (Mood.UNREACHABLE, Operation.LOOKUP),
        (Mood.UNREACHABLE, Operation.VOID),
        (Mood.REFUND_PENDING, Operation.REFUND),
    ]
)
TIMES: Final = st.sampled_from(
    [timedelta(minutes=6), timedelta(minutes=20), timedelta(hours=2)] * 2
    + [timedelta(days=1), timedelta(days=8), timedelta(days=31), timedelta(days=300)]
)
# A late answer that comes, and one that is too late to be waited for.
DELAYS: Final = st.sampled_from([2.0, 60.0])
# Where the program ends, as by a power cut.
DEATHS_SELLING: Final = st.sampled_from(
    [
        "at the commit of hold",
        "after hold",
        "after charge",
        "at the commit of settle",
        "at the commit of decline",
        "at the commit of mark_unknown",
    ]
)
DEATHS_BILLING: Final = st.sampled_from(
    ["after begin", "after begin_renewal", "after charge", "at the commit of settle"]
)
DEATHS_REFUNDING: Final = st.sampled_from(
    [
        "at the commit of reserve",
        "after reserve",
        "after refund",
        "at the commit of settle",
        "at the commit of fail",
        "at the commit of still_open",
    ]
)
DEATHS_ASKING: Final = st.sampled_from(
    [
        "after lookup",
        "after void",
        "at the commit of give_up",
        "at the commit of settle",
        "at the commit of fail",
        "at the commit of expire",
    ]
)
