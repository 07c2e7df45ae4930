"""What all runs come to, as Prometheus reads it: counted from the store, whichever process ran them."""

from tinyllm.metrics.exposition import CONTENT_TYPE
from tinyllm.metrics.reading import metrics
from tinyllm.metrics.sums import settle

__all__ = ["CONTENT_TYPE", "metrics", "settle"]
