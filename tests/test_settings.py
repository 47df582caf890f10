"""Settings from arguments, the environment and the workspace's file, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from persopt.domain.errors import InputError
from persopt.settings import Settings, load_settings, make_workspace


def test_defaults_need_nothing(tmp_path: Path) -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert settings.workspace == tmp_path / "persopt-data"
    assert settings.store_url == f"sqlite:///{tmp_path / 'persopt-data' / 'persopt.db'}"


def test_places_lie_in_the_workspace(tmp_path: Path) -> None:
    settings = load_settings({"PERSOPT_HOME": str(tmp_path / "w")})
    places = [settings.jobs, settings.models, settings.datasets, settings.cache, settings.nats]
    assert [place.parent for place in places] == [tmp_path / "w"] * 5
    assert len(set(places)) == 5


def test_variables_become_values_of_their_types() -> None:
    settings = load_settings(
        {
            "PERSOPT_LEASE_SECONDS": "2.5",
            "PERSOPT_MAX_CRASHES": "7",
            "PERSOPT_STRICT_PLUGINS": "1",
            "PERSOPT_BLOCK_PLUGINS": "a, b,,c",
            "PERSOPT_ALLOWED_ROOTS": "/srv",
            "PERSOPT_DATABASE_URL": "postgresql+psycopg://h/d",
            "PERSOPT_NATS_URL": "",
            "OTHER": "x",
        }
    )
    assert settings.lease_seconds == 2.5
    assert settings.max_crashes == 7
    assert settings.strict_plugins is True
    assert settings.block_plugins == ["a", "b", "c"]
    assert settings.allowed_roots == ["/srv"]
    assert settings.store_url == "postgresql+psycopg://h/d"
    assert settings.nats_url is None


def test_arguments_come_before_variables_and_these_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "persopt.toml").write_text('lease_seconds = 1\nmax_crashes = 1\nnats_url = "nats://file"\n')
    settings = load_settings(
        {"PERSOPT_HOME": str(tmp_path), "PERSOPT_LEASE_SECONDS": "2", "PERSOPT_MAX_CRASHES": "2"},
        lease_seconds=3,
        nats_url=None,
    )
    assert (settings.lease_seconds, settings.max_crashes, settings.nats_url) == (3.0, 2, "nats://file")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PERSOPT_LEASE_SECONDS", "soon", "lease_seconds: expected a float, got 'soon'"),
        ("PERSOPT_LEASE_SECONDS", "0", "lease_seconds: expected a float above 0, got '0'"),
        ("PERSOPT_MAX_CRASHES", "0", "max_crashes: expected an int of at least 1, got '0'"),
        ("PERSOPT_STRICT_PLUGINS", "maybe", "strict_plugins: expected true or false, got 'maybe'"),
    ],
)
def test_a_variable_that_is_not_accepted_is_named(variable: str, value: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_settings({variable: value})
    assert str(caught.value) == message


def test_a_field_of_the_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (tmp_path / "persopt.toml").write_text("lease_second = 1\n")
    with pytest.raises(InputError) as caught:
        load_settings({}, home=str(tmp_path))
    assert str(caught.value) == "lease_second: unknown field; did you mean 'lease_seconds'?"


@pytest.mark.parametrize("content", [b"lease_seconds = \n", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "persopt.toml").write_bytes(content)
    with pytest.raises(InputError, match=r"persopt\.toml is not valid TOML"):
        load_settings({}, home=str(tmp_path))


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_workspace_that_is_no_folder_is_told(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / below
    with pytest.raises(InputError) as caught:
        load_settings({}, home=str(home))
    assert str(caught.value).startswith(f"home: the workspace '{home}' cannot be used: Not a directory (give another")


def test_the_workspace_is_made_or_the_reason_told(tmp_path: Path) -> None:
    assert make_workspace(Settings(home=str(tmp_path / "a" / "b"))).is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"home: the workspace .* cannot be used"):
        make_workspace(Settings(home=str(tmp_path / "file")))
