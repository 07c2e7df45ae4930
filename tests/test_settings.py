"""Settings: five sources, one value, and where each came from."""

from pathlib import Path

import pytest

from tinyllm import settings
from tinyllm.errors import GraphError

HOSTS = {
    "localhost": "http://localhost:11434",
    "localhost:1234": "http://localhost:1234",
    ":1234": "http://127.0.0.1:1234",
    "0.0.0.0": "http://127.0.0.1:11434",
    "0.0.0.0:80": "http://127.0.0.1:80",
    "[::1]:1234": "http://[::1]:1234",
    "[::]": "http://[::1]:11434",
    "http://box": "http://box:80",
    "http://box:11434/": "http://box:11434",
    "https://box": "https://box:443",
    "https://box/ollama/": "https://box:443/ollama",
    ' "http://box:1" ': "http://box:1",
    "127.0.0.1:11434": "http://127.0.0.1:11434",
}


@pytest.mark.parametrize(("said", "meant"), HOSTS.items())
def test_the_address_of_ollama_is_read_in_every_spelling(said: str, meant: str) -> None:
    assert settings.load(environment={"OLLAMA_HOST": said}).ollama_host == meant


@pytest.mark.parametrize("said", ["http://box:port", "http://box:99999", "ftp://box", "a b", "http://[::1"])
def test_what_is_no_address_is_named_with_its_source(said: str) -> None:
    with pytest.raises(GraphError, match="is not an address") as failure:
        settings.load(environment={"OLLAMA_HOST": said})
    assert (failure.value.where, failure.value.exit_code) == ("OLLAMA_HOST", 3)


def test_each_source_wins_over_the_ones_below_it(home: Path) -> None:
    user = settings.user_file()
    user.parent.mkdir(parents=True)
    sources: dict[str, str] = {}
    flags: dict[str, float] = {}

    def timeout() -> tuple[float, str]:
        loaded = settings.load(flags, sources)
        return loaded.timeout, loaded.origin("timeout")

    assert timeout()[1] == "default"
    user.write_text("timeout = 1")
    assert timeout() == (1, str(user))
    (home / "tinyllm.toml").write_text("timeout = 2")
    assert timeout() == (2, str(home / "tinyllm.toml"))
    sources["TINYLLM_TIMEOUT"] = "3"
    assert timeout() == (3, "TINYLLM_TIMEOUT")
    flags["timeout"] = 4
    assert timeout() == (4, "flag")


def test_our_own_variable_wins_over_that_of_ollama() -> None:
    environment = {"OLLAMA_HOST": "one", "TINYLLM_OLLAMA_HOST": "two"}
    assert settings.load(environment=environment).ollama_host == "http://two:11434"


def test_an_empty_variable_is_none() -> None:
    assert settings.load(environment={"TINYLLM_MODEL": "", "OLLAMA_HOST": ""}).origin("model") == "default"


def test_the_project_is_the_nearest_one_upward(home: Path) -> None:
    inner = home / "a" / "b"
    inner.mkdir(parents=True)
    (home / "tinyllm.toml").touch()
    assert settings.load(environment={}, folder=inner).project == home
    (home / "a" / "pyproject.toml").write_text('[tool.tinyllm]\nmodel = "x:1b"\n')
    loaded = settings.load(environment={}, folder=inner)
    assert (loaded.project, loaded.model) == (home / "a", "x:1b")


@pytest.mark.parametrize(
    "body", ["[project]\n", "# [tool.tinyllm]\n", "[tool]\ntinyllm = 1 # [tool.tinyllm]\n"]
)
def test_the_project_file_of_somebody_else_is_passed_by(home: Path, body: str) -> None:
    (home / "pyproject.toml").write_text(body)
    assert settings.load(environment={}).project is None


def test_without_a_project_nothing_is_kept_in_the_working_directory(home: Path) -> None:
    assert settings.load(environment={}).data.is_relative_to(home / "data")
    assert list(home.iterdir()) == []


def test_tools_are_allowed_as_a_list_or_as_words(home: Path) -> None:
    assert settings.load(environment={"TINYLLM_ALLOW": "a_*, b_c"}).allow == ("a_*", "b_c")
    (home / "tinyllm.toml").write_text('allow = ["a_*", "b_c"]')
    assert settings.load(environment={}).allow == ("a_*", "b_c")


def test_a_misspelt_setting_is_asked_about(home: Path) -> None:
    (home / "tinyllm.toml").write_text("tiemout = 2")
    with pytest.raises(GraphError) as failure:
        settings.load(environment={})
    assert failure.value.hint == 'did you mean "timeout"?'


@pytest.mark.parametrize(
    "body", ["timeout = -1", "timeout = 0", "timeout = inf", "timeout = nan", "num_ctx = 0"]
)
def test_a_number_that_makes_no_sense_is_refused(home: Path, body: str) -> None:
    (home / "tinyllm.toml").write_text(body)
    with pytest.raises(GraphError, match="should be a"):
        settings.load(environment={})


SHOP = '[connections.shop]\nservice = "postgres"\nurl = "postgresql://reader@db/shop"\n'


def test_a_connection_is_taken_from_one_file_as_a_whole(home: Path) -> None:
    user = settings.user_file()
    user.parent.mkdir(parents=True)
    user.write_text(f'{SHOP}password = "mine"\n[connections.cache]\nservice = "redis"\n')
    (home / "tinyllm.toml").write_text(SHOP.replace("@db", "@elsewhere"))
    assert settings.load(environment={}).connections == {
        "shop": {"service": "postgres", "url": "postgresql://reader@elsewhere/shop"},
        "cache": {"service": "redis"},
    }
    environment = {"TINYLLM_CONNECTIONS": '{"cache": {"service": "redis", "url": "redis://b"}}'}
    assert settings.load(environment=environment).connections["cache"]["url"] == "redis://b"


@pytest.mark.parametrize(
    "body",
    [
        "connections = 1",
        "[connections]\nshop = 'x'",
        "[connections.shop]\nurl = 'hunter2'",
        'connections = "{"',
    ],
)
def test_a_connection_names_its_service(home: Path, body: str) -> None:
    (home / "tinyllm.toml").write_text(body)
    with pytest.raises(GraphError, match="a table of tables") as failure:
        settings.load(environment={})
    assert "hunter2" not in str(failure.value)
    assert "[connections.shop]" in failure.value.hint


def test_every_setting_says_what_it_is() -> None:
    assert all(settings.settable().values())
