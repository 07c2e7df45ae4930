"""Dozens of small local models that behave like one model you can trust."""

__version__ = "0.1.0"
