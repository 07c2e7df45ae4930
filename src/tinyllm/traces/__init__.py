"""What a run did as OpenTelemetry spans, made from its events; off unless a setting says where they go."""

from tinyllm.traces.trace import Trace, ending

__all__ = ["Trace", "ending"]
