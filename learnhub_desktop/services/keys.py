"""Same key again: the first result, or a refusal that says which parameters differ."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from learnhub_desktop.db.repositories.keys import StoredKey
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.purchases import differing, parameters_hash
from learnhub_desktop.errors import InvalidInput, RuleRefused

LONGEST_KEY: Final = 100


def check_key(key: str) -> str:
    """Return the key as it is stored; InvalidInput for an empty or unprintable one."""
    text = key.strip()
    if not text or len(text) > LONGEST_KEY or not text.isascii() or not text.isprintable():
        raise InvalidInput("key", f"A key has 1 to {LONGEST_KEY} plain letters, digits and signs.")
    return text


def find_first(
    uow: UnitOfWork, key: str, operation: str, parameters: Mapping[str, Any], *, refusal: Enum
) -> StoredKey | None:
    """What the key was first used for, None if never.

    RuleRefused where that was something else: a key stands for one act, for ever.
    """
    stored = uow.keys.find(key)
    if stored is None:
        if uow.keys.was_used_in_the_archive(key):
            raise RuleRefused(
                refusal, "This key was used for a payment of a closed year. Use a new one."
            )
        return None
    if stored.operation != operation:
        raise RuleRefused(
            refusal, f"This key was used before for a {stored.operation}. Nothing was done."
        )
    if stored.parameters_hash != parameters_hash(parameters):
        raise RuleRefused(
            refusal,
            "This key was used before with other values: "
            f"{differing(stored.parameters, parameters)}. Nothing was done.",
        )
    return stored
