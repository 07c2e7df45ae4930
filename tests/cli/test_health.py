"""`tinyllm health` as other programs read it."""

from tests.cli.conftest import Call
from tests.metrics.test_metrics import parsed, value


def test_every_number_is_printed_for_prometheus(tinyllm: Call) -> None:
    done = tinyllm("health", "--metrics")
    assert (done.code, done.err) == (0, "")
    assert value(parsed(done.out), "database_bytes")


def test_metrics_stand_alone(tinyllm: Call) -> None:
    assert tinyllm("health", "--metrics", "--json").code == 2
    assert tinyllm("health", "--metrics", "list").code == 2
