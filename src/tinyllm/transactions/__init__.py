"""A run is a transaction: begin, savepoint, commit, roll back, recover, fork."""

from tinyllm.transactions.front import Transactions
from tinyllm.transactions.outbox import Delivery, Relay
from tinyllm.transactions.rows import Line, RunRow, Status
from tinyllm.transactions.run import Run

__all__ = ["Delivery", "Line", "Relay", "Run", "RunRow", "Status", "Transactions"]
