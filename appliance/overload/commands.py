"""`alertbox overload replay`, `simulate` and `thresholds`: no running box is needed."""

from __future__ import annotations

import dataclasses
import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import click

from appliance.monitor.centre import traffic
from appliance.monitor.centre.calls import BadTrace, OfferedCall, read_trace, write_trace
from appliance.monitor.centre.config import CentreConfig
from appliance.monitor.overload.config import SharesConfig
from appliance.monitor.overload.derive import derive
from appliance.monitor.overload.events import DOMAINS, Alarm
from appliance.overload import options as settings
from appliance.overload.replay import replay as run
from provisioning.tomlplaces import Invalid

REAL_LOG = Path("../shared/data/seattle-911/calls-2020-09-01--20.csv")
"""Beside the source tree."""


overload = click.Group("overload", help="Call floods: watch for them, replay and simulate them.")


@overload.command()
@click.argument("trace", type=click.File(encoding="utf-8"), metavar="TRACE.csv")
@click.option("--config", "path", type=click.Path(path_type=Path), help="TOML with [overload] and [centre].")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--areas", is_flag=True, help="Also alarms of single areas and of stage 1.")
@click.option("--seed", default=0, show_default=True, help="Of the agents' reaction times and of redials.")
@click.pass_context
def replay(context: click.Context, trace: TextIO, path: Path | None, as_json: bool, areas: bool, seed: int) -> None:
    """Offer the calls of a trace (time_s,domain,hold_s[,patience_s[,origin]]) to a modelled centre and watch it.

    Prints each alarm and release, then a summary. Exit status 2: the trace or the configuration has mistakes.
    """
    try:
        options = settings.load(path) if path else settings.Options()
        calls = read_trace(trace, trace.name)
    except (Invalid, BadTrace) as error:
        click.echo(str(error), err=True)
        context.exit(2)

    def tell(alarm: Alarm) -> None:
        if alarm.alarm != "attack" and not areas:
            return
        if as_json:
            click.echo(json.dumps({**alarm._asdict(), "time_s": round(alarm.time_s, 6)}))
        else:
            words = (alarm.detector, alarm.alarm, alarm.state, alarm.domain)
            click.echo(f"{alarm.time_s:12.3f}  {words[0]:<7} {words[1]:<26} {words[2]:<5} {words[3]}".rstrip())

    result = run(options, calls, tell, seed)
    if as_json:
        click.echo(json.dumps(result.as_json()))
    else:
        click.echo("\n".join(result.lines()))


def _shares(context: click.Context, parameter: click.Parameter, value: str) -> tuple[float, float, float]:
    """`pstn,mobile,voip` in per cent."""
    try:
        pstn, mobile, voip = (float(each) / 100 for each in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} are no three percentages; write for example 40,45,15") from None
    if min(pstn, mobile, voip) < 0 or abs(pstn + mobile + voip - 1) > 0.001:
        raise click.BadParameter(f"{value!r} are not 100 % together")
    return pstn, mobile, voip


def _log(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    """A file from here, or as seen from the source tree."""
    if value is None:
        return None
    for path in (Path(value), Path(__file__).parents[2] / value):
        if path.is_file():
            return path
    raise click.BadParameter(f"{value} is no file")


@overload.command()
@click.option("--out", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="The trace; - for stdout.")
@click.option("--seed", default=0, show_default=True, help="The same seed, the same traffic.")
@click.option(
    "--hours", default=24.0, show_default=True, type=click.FloatRange(0.01, 24 * 366), help="Length, from midnight."
)
@click.option(
    "--a-day", default=1200.0, show_default=True, type=click.FloatRange(0, 1e6), help="Calls of an ordinary day."
)
@click.option(
    "--real-log",
    is_flag=False,
    flag_value=str(REAL_LOG),
    callback=_log,
    metavar="[FILE]",
    help=f"Real calls (time,duration_s) instead of synthetic days; without a path {REAL_LOG}. Networks are drawn by lot.",
)
@click.option(
    "--shares",
    callback=_shares,
    metavar="P,M,V",
    default="40,45,15",
    show_default=True,
    help="Of PSTN, mobile, VoIP, in per cent.",
)
@click.option("--storm", type=click.FloatRange(0.01, 1000), help="Begin of a thunderstorm, in hours.")
@click.option(
    "--storm-peak",
    default=15.0,
    show_default=True,
    type=click.FloatRange(0.1, 10_000),
    help="Its calls/min at the top.",
)
@click.option(
    "--shift", default=0.0, show_default=True, type=click.FloatRange(-100, 100), help="Points by which a share changes."
)
@click.option("--shift-domain", default="voip", show_default=True, type=click.Choice(DOMAINS), help="Whose.")
@click.option("--shift-at", type=click.FloatRange(0), help="When, in hours; otherwise with the storm.")
@click.option(
    "--shift-over",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Within so many seconds; 0: in one step.",
)
@click.option(
    "--clumps", default=1.0, show_default=True, type=click.FloatRange(1, 1000), help="Calls that one incident brings."
)
@click.option(
    "--attack", type=click.FloatRange(0), help="Begin of an attack, in hours (inside the storm: hidden in it)."
)
@click.option(
    "--attack-rate", default=100.0, show_default=True, type=click.FloatRange(0.1, 100_000), help="Its calls/min."
)
@click.option(
    "--attack-domain", default="voip", show_default=True, type=click.Choice(DOMAINS), help="Where it comes from."
)
@click.option("--attack-lasts", default=600.0, show_default=True, type=click.FloatRange(0.1, 1e6), help="Seconds.")
@click.option(
    "--attack-ramp",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1e6),
    help="Seconds in which its rate grows.",
)
@click.option(
    "--attack-hold",
    default=10.0,
    show_default=True,
    type=click.FloatRange(2, 3600),
    help="Mean seconds before an agent hangs up.",
)
def simulate(
    out: TextIO,
    seed: int,
    hours: float,
    a_day: float,
    real_log: Path | None,
    shares: tuple[float, float, float],
    storm: float | None,
    storm_peak: float,
    shift: float,
    shift_domain: str,
    shift_at: float | None,
    shift_over: float,
    clumps: float,
    attack: float | None,
    attack_rate: float,
    attack_domain: str,
    attack_lasts: float,
    attack_ramp: float,
    attack_hold: float,
) -> None:
    """Make traffic for `replay`: days, storms, shares that shift, attacks from 25 to 1200 calls a minute and beyond.

    Callers who dial again depend on what became of their calls: that is `redial` in [centre] of the replay.
    """
    draw = random.Random(seed)  # noqa: S311 -- traffic, no secret
    end = hours * 3600
    moved_at = shift_at if shift_at is not None else storm or 0.0
    move = traffic.Shift(shift_domain, shift / 100, moved_at * 3600, shift_over) if shift else None
    clump = traffic.Clumps(clumps) if clumps > 1 else None
    streams: list[Iterable[OfferedCall]] = []
    if real_log is not None:
        with open(real_log, encoding="utf-8") as file:
            streams.append([call for call in traffic.read_log(file, draw, shares, move) if call.at < end])
    elif a_day:
        day = traffic.day_rate(a_day)
        most = max(day(hour * 3600.0) for hour in range(24))
        streams.append(traffic.genuine(draw, 0.0, end, day, most, shares, move, clumps=clump))
    if storm is not None:
        shape = traffic.storm_rate(storm * 3600, storm_peak / 60)
        streams.append(traffic.genuine(draw, storm * 3600, end, shape, storm_peak / 60, shares, move, clumps=clump))
    if attack is not None:
        streams.append(
            traffic.attack(draw, attack * 3600, attack_rate, attack_lasts, attack_domain, attack_ramp, attack_hold)
        )
    write_trace(traffic.merge(*streams), out)


@overload.command()
@click.option("--lines", required=True, type=click.IntRange(1, 100_000), help="Incoming lines.")
@click.option("--agents", required=True, type=click.IntRange(1, 100_000), help="Agents on duty.")
@click.option(
    "--service", default=96.0, show_default=True, type=click.FloatRange(1, 36_000), help="Mean seconds of a call."
)
@click.option(
    "--load",
    default=0.8,
    show_default=True,
    type=click.FloatRange(0.001, 100_000),
    help="Usual calls/min of the busy hour.",
)
@click.option("--commercial", is_flag=True, help="A commercial call centre instead of an emergency centre.")
@click.option(
    "--shares",
    callback=_shares,
    metavar="P,M,V",
    default="40,45,15",
    show_default=True,
    help="Of PSTN, mobile, VoIP, in per cent.",
)
def thresholds(
    lines: int, agents: int, service: float, load: float, commercial: bool, shares: tuple[float, float, float]
) -> None:
    """Derive the thresholds of the monitor from lines, agents and service rate; prints a configuration for it."""
    config = derive(lines, agents, service, load, emergency=not commercial)
    known = SharesConfig(pstn=shares[0], mobile=shares[1], voip=shares[2])
    slots = config.queue_voip.capacity
    centre = CentreConfig(lines=lines, agents=agents, slots_pstn=slots, slots_mobile=slots, slots_voip=slots)
    sys.stdout.write(settings.render(settings.Options(dataclasses.replace(config, shares=known), centre)))
