"""slurmrestd as a source, against a server on loopback or on a Unix socket that answers as recorded."""

import json
import socket
import ssl
import subprocess
import threading
import time

import pytest
from slurm_stand_ins import JSON, REST_FILES, document, rest_answers, rest_server

from aggregator.sources.jobs import rest_http, slurmrestd
from aggregator.sources.jobs.interrupt import Interrupt
from aggregator.sources.jobs.registry import accounting_source, live_source
from maxwatt.config import parse
from maxwatt.domain.errors import ConfigError, SourceError, StoppedError
from maxwatt.domain.jobs import Allocation

EARLY_MS, LATE_MS = 1_795_330_000_000, 1_795_370_000_000
MIB = 1 << 20


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "jwt_hs256.key"
    path.write_bytes(b"\x01secret key of the cluster" * 2)
    path.chmod(0o600)
    return path


@pytest.fixture
def config(key):
    def of(url, extra="", with_key=True):
        return parse(
            f'[cluster]\nname = "maxwell"\n[slurm]\nlive = "slurmrestd"\naccounting = "slurmrestd"\n'
            f'rest_url = "{url}"\nrest_user = "maxwatt"\ncommand_timeout_s = 5.0\n{extra}\n'
            + (f'rest_key_file = "{key}"\n' if with_key else "")
        )

    return of


@pytest.fixture
def server():
    with rest_server(rest_answers(38)) as running:
        yield running


def test_shares_and_gpus_per_node_as_2205_tells_them(server, config):
    """`two`: 10 CPUs as 8 + 2 cores at 100 MiB a CPU; `gpu` and `gpu2` have one GPU each of the same node."""
    snapshot = live_source(config(server.url)).snapshot()
    found = {job.name: job for job in snapshot.jobs}
    assert found["two"].allocations == (Allocation("max-n01", 8, 800 * MIB), Allocation("max-n02", 2, 200 * MIB))
    assert sorted(found[name].allocations[0].gpus for name in ("gpu", "gpu2")) == [(0,), (1,)]
    assert found["suspend"].stdout == "/data/lab/jobs/out-suspend-17.txt"
    assert found["suspend"].suspensions[0][1] is not None
    assert snapshot.faults == ()
    assert [node.gpus for node in snapshot.nodes] == [0, 0, 0, 2]


@pytest.mark.parametrize("version", REST_FILES)
def test_every_recorded_version_is_found_and_read(config, version):
    with rest_server(rest_answers(version)) as running:
        snapshot = live_source(config(running.url)).snapshot()
        records, faults = accounting_source(config(running.url)).jobs(EARLY_MS, LATE_MS)
    assert (snapshot.faults, faults) == ((), [])
    assert len(snapshot.jobs) >= 12
    assert len(records) >= 15
    assert {path.split("?")[0] for path, _ in running.seen} == {
        "/openapi/v3", f"/slurm/v0.0.{version}/jobs", f"/slurm/v0.0.{version}/nodes", f"/slurmdb/v0.0.{version}/jobs",
    }  # fmt: skip


def test_versions_are_asked_once_and_again_after_a_failure(server, config):
    source = live_source(config(server.url))
    for _ in range(3):
        source.snapshot()
    assert [path for path, _ in server.seen].count("/openapi/v3") == 1
    server.answers = {}  # an upgrade: the old paths are gone
    with pytest.raises(SourceError, match="404"):
        source.snapshot()
    server.answers = rest_answers(45)
    assert len(source.snapshot().jobs) >= 12


def test_a_span_is_asked_for_in_epoch_seconds(server, config):
    records, _ = accounting_source(config(server.url)).jobs(1_795_353_912_000, 1_795_353_912_500)
    assert len(server.seen) == 2
    assert "?start_time=uts1795353912&end_time=uts1795353913" in server.seen[-1][0]
    assert all(record.key.start_ms < 1_795_353_912_500 for record in records)


def test_a_long_span_is_asked_for_in_pieces_and_a_job_counts_once(server, config):
    source = accounting_source(config(server.url))
    once, _ = source.jobs(1_795_353_000_000, 1_795_353_000_000 + slurmrestd.PIECE_MS)
    server.seen.clear()
    records, _ = source.jobs(1_795_353_000_000, 1_795_353_000_000 + 2 * slurmrestd.PIECE_MS + 1)
    assert [path.split("?")[1] for path, _ in server.seen] == [
        "start_time=uts1795353000&end_time=uts1795360200",
        "start_time=uts1795360200&end_time=uts1795367400",
        "start_time=uts1795367400&end_time=uts1795367401",
    ]
    assert records == once and len(records) >= 15


def test_over_tls_the_server_must_be_who_it_says(config, tmp_path, monkeypatch):
    certificate, private = tmp_path / "own.pem", tmp_path / "own.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(private), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    with rest_server(rest_answers(38), tls=context) as running:
        url = running.url.replace("127.0.0.1", "localhost")
        with pytest.raises(SourceError, match="cannot be reached"):
            live_source(config(url)).snapshot()
        assert running.seen == []  # the token did not leave
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert live_source(config(url)).snapshot().jobs


def test_the_token_goes_into_headers_and_into_no_message(server, config):
    live_source(config(server.url)).snapshot()
    headers = server.seen[0][1]
    assert headers["X-SLURM-USER-NAME"] == "maxwatt"
    assert headers["X-SLURM-USER-TOKEN"].count(".") == 2
    server.answers = dict.fromkeys(server.answers, (401, "text/plain", b"Authentication failure"))
    with pytest.raises(SourceError, match="refuses the web token of maxwatt") as told:
        live_source(config(server.url)).snapshot()
    assert headers["X-SLURM-USER-TOKEN"].split(".")[2] not in str(told.value)


def test_over_tcp_a_token_is_needed(config):
    with pytest.raises(ConfigError, match=r"slurm\.rest_token_file"):
        live_source(config("http://127.0.0.1:6820", with_key=False))


def test_a_unix_socket_needs_no_token(tmp_path, config):
    with rest_server(rest_answers(38), tmp_path / "rest.sock") as running:
        assert live_source(config(running.url, with_key=False)).snapshot().jobs
    assert all("X-SLURM-USER-TOKEN" not in headers for _, headers in running.seen)
    with pytest.raises(SourceError, match="cannot be reached"):
        live_source(config(running.url, with_key=False)).snapshot()


def test_a_path_before_slurmrestd_s_own(config):
    moved = {f"/behind/proxy{path}": answer for path, answer in rest_answers(38).items()}
    with rest_server(moved) as running:
        assert live_source(config(f"{running.url}/behind/proxy/")).snapshot().jobs


def answer_of(status, body, kind=JSON):
    return status, kind, body if isinstance(body, bytes) else json.dumps(body).encode()


UNSPECIFIED = {"errors": [{"description": "Failed while looking for jobs", "error": "Unspecified error"}]}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answer_of(403, b""), "refuses"),
        (answer_of(500, UNSPECIFIED), "none of this cluster's"),
        (answer_of(500, b"Internal", "text/plain"), "status 500"),
        (answer_of(302, b"", "text/html"), "status 302"),
        (answer_of(200, b"<html>Welcome to the intranet</html>", "text/html"), "text/html"),
        (answer_of(200, b'{"jobs": [{"job_id": 1, '), "no JSON"),
        (answer_of(200, b"[" * 100_000), "no JSON"),
        (answer_of(200, b""), "no JSON"),
        (answer_of(200, {"jobs": {}}), "no list of jobs"),
        (answer_of(200, []), "no list of jobs"),
        (answer_of(200, {"jobs": [], "errors": [{"description": "Unable to contact slurm controller"}]}), "Unable to"),
    ],
)
def test_what_is_no_answer_is_an_error_and_no_crash(server, config, answer, said):
    source = live_source(config(server.url))
    source.snapshot()
    server.answers["/slurm/v0.0.38/jobs"] = answer
    with pytest.raises(SourceError, match=said):
        source.snapshot()


def write_raw(*parts, pause_s=0.0):
    def answer(handler):
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause_s)

    return answer


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (write_raw(HEAD, b'{"jobs":'), "cut short"),
        (write_raw(b""), "cannot be reached"),
        (write_raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "does not speak HTTP"),
        (write_raw(HEAD, *[b" "] * 40, pause_s=0.1), "within 0.5 s"),
        (write_raw(b"HTTP/1.1 200 OK\r\n", pause_s=2.0), "within 0.5 s"),
    ],
)
def test_torn_and_slow_answers(server, config, answer, said):
    server.answers["/openapi/v3"] = answer
    settings = config(server.url).slurm
    started = time.monotonic()
    with pytest.raises(SourceError, match=said):
        rest_http.get(settings.rest_url, "/openapi/v3", {}, 0.5, Interrupt())
    assert time.monotonic() - started < 4


def test_an_answer_without_end_is_given_up(server, config, monkeypatch):
    monkeypatch.setattr(rest_http, "LARGEST_BYTES", 1 << 20)
    server.answers["/openapi/v3"] = answer_of(200, b" " * (2 << 20))
    with pytest.raises(SourceError, match="larger than 1 MiB"):
        live_source(config(server.url)).snapshot()


def test_nobody_listens(config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SourceError, match=r"cannot be reached: Connection refused; see slurm\.rest_url"):
            live_source(config(f"http://127.0.0.1:{taken.getsockname()[1]}")).snapshot()


def test_an_interrupt_ends_the_request_under_way_and_all_later_ones(server, config):
    server.answers["/openapi/v3"] = lambda _: time.sleep(3)
    interrupt = Interrupt()
    source = live_source(config(server.url), interrupt)
    threading.Timer(0.3, interrupt.set).start()
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(StoppedError):
            source.snapshot()
    assert time.monotonic() - started < 2


def test_accounting_that_is_not_loaded_is_told(server, config):
    answers = rest_answers(38)
    del server.answers["/slurmdb/v0.0.38/jobs"]
    server.answers["/openapi/v3"] = answer_of(200, {"paths": {path: {} for path in answers if "slurmdb" not in path}})
    with pytest.raises(SourceError, match="offers no accounting"):
        accounting_source(config(server.url)).jobs(EARLY_MS, LATE_MS)
    assert live_source(config(server.url)).snapshot().jobs


def test_jobs_of_another_cluster_are_none_of_ours(server, config):
    foreign = document("rest-db-2205")
    for job in foreign["jobs"][:4]:
        job["cluster"] = "other"
    server.answers["/slurmdb/v0.0.38/jobs"] = answer_of(200, foreign)
    records, faults = accounting_source(config(server.url)).jobs(EARLY_MS, LATE_MS)
    assert faults == ["4 rows of cluster 'other' are left out: cluster.name is 'maxwell'"]
    assert records
    for job in foreign["jobs"]:
        job["cluster"] = "other"
    server.answers["/slurmdb/v0.0.38/jobs"] = answer_of(200, foreign)
    with pytest.raises(SourceError, match=r"see cluster\.name"):
        accounting_source(config(server.url)).jobs(EARLY_MS, LATE_MS)


@pytest.mark.parametrize(
    "url", ["http://", "ftp://host", "127.0.0.1:6820", "unix://", "unix://run/x", "http://host:99999", ""]
)
def test_an_url_that_is_none_is_told_with_its_line(url):
    with pytest.raises(ConfigError, match=r"line 2: slurm\.rest_url must be"):
        parse(f'[slurm]\nrest_url = "{url}"\n')
