"""What is secret in addresses and the environment, and that no text shows it."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridtool.jobs import secrets
from gridtool.jobs.secrets import find_secrets, hide_secrets, remember_secrets, show_address


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(secrets, "_known", ())


def test_of_a_store_the_password_and_the_query_are_secret():
    found = find_secrets(
        store="postgresql://grid:p%40ss-word@db.example/runs?sslpassword=key-phrase", environ={}
    )
    assert {"p%40ss-word", "p@ss-word", "key-phrase"} <= found
    assert not {"grid", "db.example", "runs"} & found


def test_of_a_webhook_all_but_the_host_is_secret():
    address = "https://user:word@hooks.example.org:8443/services/T0001/abcdefghijkl?key=qwertz#frag"
    remember_secrets(webhook=address, environ={})
    shown = hide_secrets(f"cannot reach {address}: path /services/T0001/abcdefghijkl, key qwertz")
    for part in ("user", "word", "T0001", "abcdefghijkl", "qwertz", "frag"):
        assert part not in shown
    assert "hooks.example.org" in shown


def test_of_the_environment_what_is_named_as_a_secret():
    environ = {
        "PGPASSWORD": "pg-secret",
        "MY_TOKEN": "tok-secret",
        "AWS_SECRET_ACCESS_KEY": "aws-secret",
        "HTTPS_PROXY": "http://me:proxy-secret@proxy:3128",
        "GRIDTOOL_STORE": "postgresql://a:store-secret@h/d",
        "GRIDTOOL_WEBHOOK": "https://h/hook-secret",
        "HOME": "/srv/planner",
        "PATH": "/usr/bin",
        "SHORT_TOKEN": "abc",
    }
    remember_secrets(environ=environ)
    text = " ".join(environ.values())
    assert "secret" not in hide_secrets(text)
    assert {"/srv/planner", "/usr/bin", "abc"} <= set(hide_secrets(text).split())


@given(
    password=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=4),
    around=st.text(max_size=5),
)
def test_no_spelling_of_a_password_is_shown(password, around):
    secrets._known = ()
    remember_secrets(store=f"postgresql://u:{quote(password, safe='')}@h/d", environ={})
    for form in (password, quote(password, safe="")):
        assert form not in hide_secrets(f"<{around}>{form}<{around}>").replace("***", "")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://hooks.example.org/a/b?c=d", "https://hooks.example.org/***"),
        ("http://me:pw@127.0.0.1:8080/x", "http://127.0.0.1:8080/***"),
        ("https://[::1]:8443/x", "https://[::1]:8443/***"),
        ("https://hooks.example.org:port/a", "://***/***"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(address, shown):
    assert show_address(address) == shown


def test_what_is_no_address_hides_nothing():
    assert find_secrets(store="folder/runs", webhook="", environ={"A": "http://[bad"}) == set()
