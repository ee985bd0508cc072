"""Payment gateways: the port that services speak to, and what stands behind it."""

from learnhub_desktop.gateways.book import create_book
from learnhub_desktop.gateways.port import (
    Answer,
    ChargeRequest,
    Entry,
    EntryKind,
    EntryState,
    Gateway,
    GatewayUnreachable,
    KeyReused,
    Lookup,
    Operation,
    Outcome,
    Reason,
    RefundRequest,
    VoidAnswer,
    VoidOutcome,
    no_answer,
    reason_text,
)
from learnhub_desktop.gateways.registry import GatewayRefusal, Gateways, for_school

__all__ = [
    "Answer",
    "ChargeRequest",
    "Entry",
    "EntryKind",
    "EntryState",
    "Gateway",
    "GatewayRefusal",
    "GatewayUnreachable",
    "Gateways",
    "KeyReused",
    "Lookup",
    "Operation",
    "Outcome",
    "Reason",
    "RefundRequest",
    "VoidAnswer",
    "VoidOutcome",
    "create_book",
    "for_school",
    "no_answer",
    "reason_text",
]
