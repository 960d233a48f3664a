"""Webhooks against a server of this process: what is sent, what is tried again, what is hidden."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gridtool.jobs import secrets
from gridtool.jobs.notify_webhook import _reason, post_webhook

PATH = "/services/T0001/abcdefghijkl?key=qwertz"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now, self.naps = 100.0, []

    def sleep(self, seconds):
        self.now += seconds
        self.naps.append(seconds)

    @property
    def slept(self):
        return sum(self.naps)


class Server:
    """Gives the statuses it is told, the last again and again; keeps what it was asked."""

    def __init__(self):
        self.statuses, self.headers, self.asked, self.delay_s = [200], {}, [], 0.0

    def __enter__(self):
        told = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.asked.append((self.path, dict(self.headers), body))
                if told.delay_s:
                    time.sleep(told.delay_s)
                status = told.statuses.pop(0) if len(told.statuses) > 1 else told.statuses[0]
                self.send_response(status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(secrets, "_known", ())
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with Server() as running:
        yield running


def post(server, *, clock=None, budget_s=60.0, user="", **options):
    clock = clock or Clock()
    return post_webhook(
        f"http://{user}127.0.0.1:{server.port}{PATH}",
        b'{"a": 1}',
        key="R1",
        agent="gridtool/0.1.0",
        budget_s=budget_s,
        sleep=clock.sleep,
        monotonic=lambda: clock.now,
        draw=lambda: 1.0,
        **options,
    )


def test_a_message_is_posted_as_json_with_the_id_of_its_run(server):
    delivery = post(server)
    assert delivery.delivered
    assert delivery.words == f"delivered to http://127.0.0.1:{server.port}/*** after 1 attempt"
    ((path, headers, body),) = server.asked
    assert path == PATH
    assert json.loads(body) == {"a": 1}
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Idempotency-Key"] == "R1"
    assert headers["User-Agent"] == "gridtool/0.1.0"
    assert "Authorization" not in headers


def test_a_password_in_the_address_becomes_a_header(server):
    assert post(server, user="me:p%40ss@").delivered
    ((_, headers, _),) = server.asked
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert headers["Host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_waits_that_double(server, status):
    server.statuses = [status, status, status, 204]
    clock = Clock()
    delivery = post(server, clock=clock)
    assert (delivery.delivered, delivery.attempts) == (True, 4)
    assert clock.slept == pytest.approx(1 + 2 + 4)
    assert {headers["Idempotency-Key"] for _, headers, _ in server.asked} == {"R1"}


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 410, 422])
def test_what_will_not_pass_is_not_tried_again(server, status):
    server.statuses, server.headers = [status], {"Location": "http://127.0.0.1:1/elsewhere"}
    delivery = post(server)
    assert (delivery.delivered, delivery.attempts, len(server.asked)) == (False, 1, 1)
    assert f"it answered {status}" in delivery.words
    assert ("redirects are not followed" in delivery.words) == (status < 400)


def test_at_most_five_attempts(server):
    server.statuses = [503]
    clock = Clock()
    delivery = post(server, clock=clock)
    assert (delivery.delivered, delivery.attempts, len(server.asked)) == (False, 5, 5)
    assert clock.slept == pytest.approx(1 + 2 + 4 + 8)
    assert delivery.words.endswith("after 5 attempts: it answered 503")


def test_no_wait_goes_beyond_the_time_there_is(server):
    server.statuses = [503]
    clock = Clock()
    assert post(server, clock=clock, budget_s=5.0).attempts == 3
    assert clock.slept <= 5.0
    assert post(server, budget_s=0.0).words.endswith("after 0 attempts: there was no time for it")


def test_a_server_may_ask_for_a_longer_wait(server):
    server.statuses, server.headers = [429, 200], {"Retry-After": "7"}
    clock = Clock()
    assert post(server, clock=clock).attempts == 2
    assert clock.slept == pytest.approx(7.0)
    server.statuses, server.headers = [429, 200], {"Retry-After": "3600"}
    assert post(server).delivered is False


def test_half_of_a_wait_is_left_to_chance(server):
    waits = []
    for chance in (0.0, 0.5, 1.0):
        server.statuses = [500, 200]
        clock = Clock()
        post_webhook(
            f"http://127.0.0.1:{server.port}/",
            b"{}",
            key="R1",
            agent="x",
            budget_s=60.0,
            sleep=clock.sleep,
            monotonic=lambda clock=clock: clock.now,
            draw=lambda chance=chance: chance,
        )
        waits.append(clock.slept)
    assert waits == pytest.approx([0.5, 0.75, 1.0])


def test_a_signal_ends_the_waiting(server):
    server.statuses = [503]
    clock = Clock()
    delivery = post(server, clock=clock, stop=lambda: 15 if clock.slept > 2.0 else 0)
    assert delivery.attempts == 2
    assert clock.slept < 2.3


def test_a_server_that_does_not_answer_costs_its_time_only(server):
    server.delay_s = 30.0
    begin = time.monotonic()
    delivery = post_webhook(
        f"http://127.0.0.1:{server.port}/", b"{}", key="R1", agent="x", budget_s=0.5
    )
    assert time.monotonic() - begin < 2.0
    assert not delivery.delivered


@contextmanager
def dripping():
    """A server whose headers never end: a byte now and then."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not ended.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    threading.Thread(target=drip, daemon=True).start()
    yield listener.getsockname()[1]
    ended.set()
    listener.close()


def test_a_server_that_drips_costs_its_time_only():
    with dripping() as port:
        begin = time.monotonic()
        delivery = post_webhook(
            f"http://127.0.0.1:{port}/", b"{}", key="R1", agent="x", budget_s=0.6
        )
        assert time.monotonic() - begin < 2.0
    assert not delivery.delivered


def test_where_nobody_listens_it_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clock = Clock()
    delivery = post_webhook(
        f"http://me:hunter22@127.0.0.1:{port}{PATH}",
        b"{}",
        key="R1",
        agent="x",
        budget_s=60.0,
        sleep=clock.sleep,
        monotonic=lambda: clock.now,
    )
    assert delivery.attempts == 5
    said = f"not delivered to http://127.0.0.1:{port}/*** after 5 attempts: connection refused"
    assert delivery.words == said


def test_certificates_that_are_not_trusted_are_named():
    problem = ssl.SSLCertVerificationError(1, "certificate verify failed")
    problem.verify_message = "self-signed certificate"
    assert _reason(problem) == "its certificate is not trusted: self-signed certificate"
    assert _reason(ValueError("https://h/secret")) == "no answer that could be read (ValueError)"
