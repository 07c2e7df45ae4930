"""Fixtures of the tests for the test tools."""

from tests.testing.clients import closed

__all__ = ["closed"]
