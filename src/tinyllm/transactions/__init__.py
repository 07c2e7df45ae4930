"""A run is a transaction: begin, savepoint, commit, roll back, recover, fork."""

from tinyllm.transactions.front import Transactions
from tinyllm.transactions.rows import Line, RunRow, Status
from tinyllm.transactions.run import Run

__all__ = ["Line", "Run", "RunRow", "Status", "Transactions"]
