"""What every carbon provider promises: good answers in the documented forms, hostile ones flagged, never a crash."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from provider_server import ProviderServer, Reply, provider_server

from aggregator.sources.carbon.answer import Answer, Asked
from aggregator.sources.carbon.http import RetryLaterError, get, retry_after_s
from aggregator.sources.carbon.provider import token_of, zone_of
from aggregator.sources.carbon.registry import PROVIDERS, provider_of
from maxwatt.config import CARBON_PROVIDERS, CarbonSettings, Settings
from maxwatt.domain.carbon import State
from maxwatt.domain.errors import ConfigError, SourceError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_MS = int(NOON.timestamp() * 1000)
HOUR = 3_600_000
ASKED = Asked("DE", NOW_MS - 12 * HOUR, NOW_MS, NOW_MS)
Values = list[tuple[float, Any]]
"""Hours before noon, oldest first as a rule, and what stands there."""


def moment(hours: float) -> datetime:
    return NOON - timedelta(hours=hours)


def iso(hours: float) -> str:
    return moment(hours).strftime("%Y-%m-%dT%H:%MZ")


def energy_charts(values: Values, _zone: str) -> str:
    times = [int(moment(hours).timestamp()) for hours, _ in values]
    found = [value for _, value in values]
    empty = [None] * len(found)
    return json.dumps({"unix_seconds": times, "co2eq": found, "co2eq_forecast": empty, "deprecated": False})


def uk(values: Values, _zone: str) -> str:
    rows = [
        {"from": iso(hours), "to": iso(hours - 0.5), "intensity": {"forecast": None, "actual": value, "index": "low"}}
        for hours, value in values
    ]
    return json.dumps({"data": rows})


def rte(values: Values, _zone: str) -> str:
    rows = [{"taux_co2": value, "date_heure": moment(hours).isoformat()} for hours, value in reversed(values)]
    return json.dumps({"total_count": len(rows), "results": rows})


def electricity_maps(values: Values, zone: str) -> str:
    rows = [
        {"zone": zone, "carbonIntensity": value, "datetime": f"{moment(hours):%Y-%m-%dT%H:%M:%S.000Z}",
         "updatedAt": iso(0), "emissionFactorType": "lifecycle", "isEstimated": False, "estimationMethod": None}
        for hours, value in values
    ]  # fmt: skip
    return json.dumps({"zone": zone, "history": rows})


def series(values: Values, _zone: str) -> str:
    return json.dumps([{"time": iso(hours), "g_per_kwh": value} for hours, value in values])


def entsoe(values: Values, zone: str) -> str:
    """All of it coal (820 g/kWh) and nuclear (12 g/kWh) in the parts that make the intensity wanted."""
    area = {"DE": "10Y1001A1001A83F", "FR": "10YFR-RTE------C"}[zone]
    parts = {"B05": [], "B14": []}  # type: dict[str, list[str]]
    for hours, value in values:
        number = isinstance(value, int | float) and value == value and 0 <= value < 820
        coal = 1000 * (value - 12) / 808 if number else value
        nuclear = 1000 - coal if number else value
        for kind, power in (("B05", coal), ("B14", nuclear)):
            parts[kind].append(
                f"<Period><timeInterval><start>{iso(hours)}</start><end>{iso(hours - 0.25)}</end></timeInterval>"
                f"<resolution>PT15M</resolution><Point><position>1</position><quantity>{power}</quantity></Point></Period>"
            )
    serieses = "".join(
        f"<TimeSeries><inBiddingZone_Domain.mRID codingScheme='A01'>{area}</inBiddingZone_Domain.mRID>"
        f"<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name><curveType>A03</curveType>"
        f"<MktPSRType><psrType>{kind}</psrType></MktPSRType>{''.join(periods)}</TimeSeries>"
        for kind, periods in parts.items()
    )
    space = "urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0"
    return f'<?xml version="1.0" encoding="UTF-8"?><GL_MarketDocument xmlns="{space}">{serieses}</GL_MarketDocument>'


FORMS: dict[str, Callable[[Values, str], str]] = {
    form.__name__: form for form in (energy_charts, uk, rte, electricity_maps, entsoe, series)
}
JSON_FORMS = sorted(FORMS.keys() - {"entsoe"})
GOOD: Values = [(3, 400.0), (2, 350.5), (1, 300.0)]


@dataclass
class Case:
    """A provider, the server that stands for it, and its settings."""

    name: str
    server: ProviderServer
    carbon: CarbonSettings

    def ask(self, body: str | Reply, asked: Asked = ASKED) -> Answer:
        self.server.replies[:] = [body if isinstance(body, Reply) else Reply(body)]
        provider = PROVIDERS[self.name]
        return provider.parse(provider.fetch(self.carbon, asked), asked)

    def values(self, values: Values, zone: str = "DE") -> Answer:
        return self.ask(FORMS[self.name](values, zone))


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderServer]:
    with provider_server() as running:
        yield running


@pytest.fixture(params=sorted(FORMS))
def case(request: pytest.FixtureRequest, server: ProviderServer, tmp_path: Path) -> Case:
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "token").chmod(0o600)
    server.asked.clear()
    carbon = CarbonSettings(provider=request.param, provider_url=server.url, token_file=str(tmp_path / "token"))
    return Case(request.param, server, carbon)


def test_every_provider_of_the_configuration_is_here_and_has_a_form() -> None:
    assert {*PROVIDERS, "static"} == set(CARBON_PROVIDERS)
    assert FORMS.keys() == PROVIDERS.keys()


def test_none_gives_marginal_intensities() -> None:
    """Those only ever serve what would have been avoided."""
    assert all(kind.startswith("average") for each in PROVIDERS.values() for kind in each.kinds)


def test_a_good_answer_is_read_without_faults(case: Case) -> None:
    answer = case.values(GOOD)
    assert [(each.start_ms, each.state) for each in answer.values] == [
        (NOW_MS - hours * HOUR, State.MEASURED) for hours in (3, 2, 1)
    ]
    assert [each.g_per_kwh for each in answer.values] == pytest.approx([400.0, 350.5, 300.0])
    assert all(0 < each.end_ms - each.start_ms <= HOUR for each in answer.values)
    assert answer.faults == ()
    assert len(case.server.asked) == 1


def test_a_value_that_is_not_known_yet_is_no_fault(case: Case) -> None:
    if case.name == "entsoe":
        pytest.skip("leaves them out of the document")
    answer = case.values([*GOOD, (0.5, None)])
    assert (len(answer.values), answer.faults) == (3, ())


@pytest.mark.parametrize(
    "value", ["N/A", float("nan"), float("inf"), -1.0, -0.001, True, [1], {"a": 1}, pytest.param(10**400, id="huge")]
)
def test_what_is_no_intensity_is_left_out_and_counted(case: Case, value: Any) -> None:
    if case.name == "entsoe" and not isinstance(value, str | float):
        pytest.skip("XML has text only")
    answer = case.values([(3, 400.0), (2, value), (1, 300.0)])
    assert [each.start_ms for each in answer.values] == [NOW_MS - 3 * HOUR, NOW_MS - HOUR]
    assert [fault.split()[0] for fault in answer.faults] == ["1"] * (2 if case.name == "entsoe" else 1)


def test_an_absurd_value_is_left_out(case: Case) -> None:
    if case.name == "entsoe":
        pytest.skip("computes its values from powers")
    answer = case.values([(3, 400.0), (2, 5000.5), (1, 40_000)])
    assert [each.g_per_kwh for each in answer.values] == [400.0]
    assert "2 of 3 values are not within 0 to 5000 g/kWh" in answer.faults[0]


def test_measured_in_the_future_is_left_out(case: Case) -> None:
    later = replace(ASKED, end_ms=NOW_MS + 12 * HOUR)
    answer = case.ask(FORMS[case.name]([(3, 400.0), (2, 350.0), (-5, 300.0)], "DE"), later)
    assert [each.start_ms for each in answer.values] == [NOW_MS - 3 * HOUR, NOW_MS - 2 * HOUR]
    assert any("1 of 3 values are said to be measured in the future" in fault for fault in answer.faults)


def test_another_time_than_asked_is_left_out(case: Case) -> None:
    answer = case.values([(900, 400.0), (899, 350.0), (1, 300.0)])
    assert [each.start_ms for each in answer.values] == [NOW_MS - HOUR]
    if case.name != "series":  # which is asked for nothing, and gives all that there is
        assert any("2 of 3 values are of another time" in fault for fault in answer.faults)


def test_a_time_that_comes_twice_keeps_its_first_value(case: Case) -> None:
    if case.name == "entsoe":
        pytest.skip("powers of one time and type are one")
    doubled = [(3, 400.0), (2, 350.0), (2, 999.0), (1, 300.0)]
    answer = case.values(doubled if case.name != "rte" else [(3, 400.0), (2, 999.0), (2, 350.0), (1, 300.0)])
    assert [each.g_per_kwh for each in answer.values] == [400.0, 350.0, 300.0]
    assert "1 of 4 values are a second one of the same time, such as '999.0'" in answer.faults[0]


def test_values_out_of_order_are_put_into_it_and_told(case: Case) -> None:
    answer = case.values([(4, 410.0), (2, 350.0), (3, 400.0), (1, 300.0)])
    assert [each.start_ms for each in answer.values] == [NOW_MS - hours * HOUR for hours in (4, 3, 2, 1)]
    if case.name != "entsoe":
        assert answer.faults == ("1 of 4 values are not in the order of time: put into it",)


@pytest.mark.parametrize("name", ["electricity_maps", "entsoe"])
def test_another_zone_is_left_out(name: str) -> None:
    answer = PROVIDERS[name].parse(FORMS[name](GOOD, "FR"), ASKED)
    assert answer.values == ()
    assert "FR" in answer.faults[0] and "left out" in answer.faults[0]


BROKEN = ["", "   ", "<html><body>maintenance</body></html>", "null", "[]", "{}", '"text"', "17", "{",
          "\x00\x01", "[1, 2",
          '{"data": 1, "history": 1, "results": 1, "unix_seconds": 1, "co2eq": 1}', "[" * 100_000,
          '{"data": [1, null, []], "history": [1, null, []], "results": [1, null, []], "unix_seconds": [1, null, []], '
          '"co2eq": [1, null, []]}', '[1, null, [], {"time": 3}]', "time,g_per_kwh\nx,y\n", "<a/>",
          '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', "<GL_MarketDocument><TimeSeries/></GL_MarketDocument>",
          "<Acknowledgement_MarketDocument><Reason><code>999</code><text>No data</text></Reason>"
          "</Acknowledgement_MarketDocument>"]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN)
def test_any_other_text_gives_no_value_and_is_told_unless_it_is_empty_in_form(case: Case, body: str) -> None:
    answer = case.ask(body)
    assert answer.values == ()
    assert answer.faults or (case.name == "series" and body == "[]")
    assert all(len(fault) < 400 and "\n" not in fault for fault in answer.faults)


def test_half_an_answer_is_told(case: Case) -> None:
    whole = FORMS[case.name](GOOD, "DE")
    for length in range(0, len(whole) - 1, 37):
        answer = PROVIDERS[case.name].parse(whole[:length], ASKED)
        assert (answer.values, bool(answer.faults)) == ((), True)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_refusal_is_a_source_error_without_the_token(case: Case, status: int) -> None:
    with pytest.raises(SourceError, match=str(status)) as told:
        case.ask(Reply("no such thing", status))
    assert "s3cret" not in str(told.value)
    assert not isinstance(told.value, RetryLaterError)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_and_as_a_date(case: Case, status: int) -> None:
    with pytest.raises(RetryLaterError) as told:
        case.ask(Reply("slow down", status, {"Retry-After": "120"}))
    assert told.value.after_s == 120.0
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    with pytest.raises(RetryLaterError) as told:
        case.ask(Reply("slow down", status, {"Retry-After": later}))
    assert 290 < told.value.after_s <= 300
    with pytest.raises(SourceError) as plain:
        case.ask(Reply("slow down", status, {"Retry-After": "soon"}))
    assert not isinstance(plain.value, RetryLaterError)


def test_a_server_that_is_not_there_is_a_source_error(case: Case) -> None:
    carbon = replace(case.carbon, provider_url="http://127.0.0.1:1")
    with pytest.raises(SourceError, match="does not answer"):
        PROVIDERS[case.name].fetch(carbon, ASKED)


class TestForms:
    """What is particular to one provider."""

    def test_energy_charts_measured_wins_and_the_forecast_is_kept_apart(self) -> None:
        start = int(NOON.timestamp()) - 1800
        times = [start + 900 * n for n in range(5)]
        body = {
            "unix_seconds": times, "co2eq": [491.5, 497.4, None, None, None],
            "co2eq_forecast": [None, 480.0, 505.0, 508.0, None], "deprecated": False,
        }  # fmt: skip
        asked = replace(ASKED, end_ms=NOW_MS + 24 * HOUR)
        answer = PROVIDERS["energy_charts"].parse(json.dumps(body), asked)
        assert [(each.start_ms // 1000, each.g_per_kwh, each.state) for each in answer.values] == [
            (times[0], 491.5, State.MEASURED),
            (times[1], 480.0, State.FORECAST),
            (times[1], 497.4, State.MEASURED),
            (times[2], 505.0, State.FORECAST),
            (times[3], 508.0, State.FORECAST),
        ]
        assert {each.end_ms - each.start_ms for each in answer.values} == {900_000}
        assert answer.faults == ()

    def test_energy_charts_is_asked_for_whole_days_of_the_country(self, server: ProviderServer) -> None:
        server.asked.clear()
        server.replies[:] = [Reply("{}")]
        PROVIDERS["energy_charts"].fetch(CarbonSettings(provider_url=server.url), ASKED)
        assert server.asked[0][0] == "/co2eq?country=de&start=2026-03-01&end=2026-03-01"

    def test_uk_keeps_actual_and_forecast(self, server: ProviderServer) -> None:
        row = {"from": iso(1), "to": iso(0.5), "intensity": {"forecast": 266, "actual": 263, "index": "moderate"}}
        answer = PROVIDERS["uk"].parse(json.dumps({"data": [row]}), ASKED)
        assert [(each.g_per_kwh, each.state) for each in answer.values] == [(266, "forecast"), (263, "measured")]
        server.asked.clear()
        server.replies[:] = [Reply("{}")]
        PROVIDERS["uk"].fetch(CarbonSettings(provider_url=server.url), ASKED)
        assert server.asked[0][0] == "/intensity/2026-03-01T00:00Z/fw24h"

    def test_electricity_maps_says_what_is_estimated_and_gets_its_token_in_a_header(
        self, server: ProviderServer, tmp_path: Path
    ) -> None:
        (tmp_path / "token").write_text("s3cret\n")
        (tmp_path / "token").chmod(0o600)
        document = json.loads(electricity_maps(GOOD, "DE"))
        document["history"][2]["isEstimated"] = True
        answer = PROVIDERS["electricity_maps"].parse(json.dumps(document), ASKED)
        assert [each.state for each in answer.values] == [State.MEASURED, State.MEASURED, State.ESTIMATED]
        carbon = CarbonSettings(provider_url=server.url, token_file=str(tmp_path / "token"), provider_kind="direct")
        server.asked.clear()
        server.replies[:] = [Reply("{}")]
        PROVIDERS["electricity_maps"].fetch(carbon, ASKED)
        path, headers = server.asked[0]
        assert path == "/v3/carbon-intensity/history?zone=DE&emissionFactorType=direct"
        assert headers["Auth-Token" if "Auth-Token" in headers else "Auth-token"] == "s3cret"

    def test_series_is_csv_too_and_holds_an_hour_at_most(self, tmp_path: Path) -> None:
        (tmp_path / "own.csv").write_text(f"time,g_per_kwh\n{iso(9)},200\n{iso(3)},100\n{iso(2.5)},\n{iso(2)},x\n")
        carbon = CarbonSettings(provider_url=str(tmp_path / "own.csv"))
        answer = PROVIDERS["series"].parse(PROVIDERS["series"].fetch(carbon, ASKED), ASKED)
        assert [(each.start_ms, each.end_ms - each.start_ms, each.g_per_kwh) for each in answer.values] == [
            (NOW_MS - 9 * HOUR, HOUR, 200.0),
            (NOW_MS - 3 * HOUR, HOUR // 2, 100.0),
        ]
        assert len(answer.faults) == 1 and "1 of 3 values are no number" in answer.faults[0]

    def test_providers_that_want_a_token_say_so(self) -> None:
        for name in ("electricity_maps", "entsoe"):
            with pytest.raises(ConfigError, match=r"carbon\.token_file"):
                PROVIDERS[name].fetch(CarbonSettings(provider=name), ASKED)

    def test_a_kind_that_the_provider_does_not_give_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="uk gives average, direct"):
            provider_of(Settings(carbon=CarbonSettings(provider="uk", provider_kind="lifecycle")))
        found = provider_of(Settings(carbon=CarbonSettings(provider="series", provider_kind="direct")))
        assert found is not None
        assert zone_of(CarbonSettings(zone="UK", provider_zone="GB")) == "GB"


class TestHttp:
    def test_only_web_addresses(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("secret")
        for url in (f"file://{tmp_path}/x", "ftp://127.0.0.1/x", "http:///x", "//x", ""):
            with pytest.raises(SourceError, match="is no address"):
                get(url)

    def test_an_answer_without_end_is_left_unread(self, server: ProviderServer) -> None:
        server.replies[:] = [Reply(b"x" * (17 << 20))]
        with pytest.raises(SourceError, match="more than 16 MiB"):
            get(server.url)

    def test_what_is_no_text_is_told(self, server: ProviderServer) -> None:
        server.replies[:] = [Reply(b"\xff\xfe\x00")]
        with pytest.raises(SourceError, match="no UTF-8"):
            get(server.url)

    def test_a_redirect_to_another_server_is_not_followed(self, server: ProviderServer) -> None:
        server.replies[:] = [Reply("", 302, {"Location": "http://localhost:1/else"})]
        with pytest.raises(SourceError, match="302"):
            get(server.url, headers={"auth-token": "s3cret"})

    def test_a_redirect_on_the_same_server_is(self, server: ProviderServer) -> None:
        server.replies[:] = [Reply("", 302, {"Location": f"{server.url}/there"}), Reply("found")]
        assert get(server.url) == "found"

    def test_an_answer_cut_short_is_told(self, server: ProviderServer) -> None:
        server.replies[:] = [Reply("half", headers={"Content-Length": "5000"})]
        with pytest.raises(SourceError, match="4996 bytes are missing"):
            get(server.url)

    def test_a_server_that_sends_a_byte_now_and_then_is_given_up(self, server: ProviderServer) -> None:
        server.replies[:] = [Reply(b"x" * 100, pause_s=0.1)]
        with pytest.raises(SourceError, match="too slowly"):
            get(server.url, timeout_s=0.5)

    @pytest.mark.parametrize("status", [404, 429])
    def test_a_refusal_that_is_cut_short_or_slow_is_still_one(self, server: ProviderServer, status: int) -> None:
        for body in (b"half", b"3\r\nab"):
            broken = {"Transfer-Encoding": "chunked"} if b"\r" in body else {"Content-Length": "50"}
            server.replies[:] = [Reply(body, status, broken)]
            with pytest.raises(SourceError, match=str(status)):
                get(server.url)
        server.replies[:] = [Reply(b"x" * 100, status, pause_s=0.3)]
        with pytest.raises(SourceError, match=str(status)):
            get(server.url, timeout_s=0.2)

    @pytest.mark.parametrize("header", ["Mon, 20 Nov 1995 19:12:08 +" + "9" * 30, "", "\u0663", "-5", "1e99"])
    def test_any_retry_after_is_a_refusal(self, header: str) -> None:
        found = retry_after_s(header, datetime(2026, 3, 1, tzinfo=UTC))
        assert found is None or found >= 0

    def test_a_token_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("s3cret\n")
        (tmp_path / "token").chmod(0o644)
        with pytest.raises(SourceError, match="chmod 600") as told:
            token_of(CarbonSettings(provider="entsoe", token_file=str(tmp_path / "token")))
        assert "s3cret" not in str(told.value)

    def test_a_server_that_repeats_the_token_does_not_get_it_into_what_is_told(self, server: ProviderServer) -> None:
        for told in ("no access for s3cret%2Bs3cret", "no access for s3cret+s3cret"):
            server.replies[:] = [Reply(told, 401)]
            for where in ({"query": {"securityToken": "s3cret+s3cret"}}, {"headers": {"auth-token": "s3cret+s3cret"}}):
                with pytest.raises(SourceError, match="no access") as refused:
                    get(server.url, **where)
                assert "s3cret" not in str(refused.value)

    def test_an_address_that_cannot_be_asked_is_told_without_the_query(self) -> None:
        for url in ("http://127.0.0.1:1/a b", "http://127.0.0.1:1/a\nb", "http://127.0.0.1:x/", "http://[::1/"):
            with pytest.raises(SourceError) as told:
                get(url, {"securityToken": "s3cret"})
            assert "s3cret" not in str(told.value)
