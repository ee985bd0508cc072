"""What tests of jobs share: a desk, as tests of services have it."""

from tests.services.conftest import desk

__all__ = ["desk"]
