"""The embedded router: which specialists a question needs, without asking a model."""

from tinyllm.routing.router import Route, Router, route

__all__ = ["Route", "Router", "route"]
