"""Plots like figures 5 to 8 of the paper, and the trade-off; SVG and PNG. Needs matplotlib, which only this bench uses."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

from tests.bench.overload.bounds import STORM_CALLS, least_calls, shown

Rows = list[dict[str, Any]]


BLUE, ORANGE = "#1f6fb4", "#d9720f"
NAMES = {"table1": "Table 1", "shares": "shares"}


def library() -> types.ModuleType | None:
    """matplotlib.pyplot, or None with a word on how to get it."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        print("\nno plots: matplotlib is not installed; make bench-overload installs it")
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update(
        {
            "font.size": 9,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "svg.hashsalt": "overload",
        }
    )
    return pyplot


def _rates(axes: Any, rates: list[int], highest: float, lowest: float) -> None:
    """Logarithmic axes with plain numbers on them."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(rates, [str(rate) for rate in rates])
    ticks = [each for each in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if lowest / 1.3 <= each <= highest * 1.3]
    axes.set_yticks(ticks, [f"{each:g}" for each in ticks])
    axes.minorticks_off()
    axes.set_xlabel("attack rate (calls/min)")


def _save(plt: Any, figure: Any, out: Path, name: str) -> None:
    figure.tight_layout()
    for kind in ("svg", "png"):
        figure.savefig(
            out / f"{name}.{kind}", dpi=120, bbox_inches="tight", metadata={"Date": None} if kind == "svg" else None
        )
    plt.close(figure)
    print(f"plot: {out / name}.png")


def response(plt: Any, rows: Rows, out: Path) -> None:
    """Figures 5, 6 and 7."""
    for name, low, high, full, label, close_up in (
        ("figure5-agents", "agents 4", "agents 8", "agents", "all 10 agents busy (calculated)", False),
        ("figure6-ingress", "ingress 8", "ingress 16", "lines", "all 30 lines busy (calculated)", False),
        ("figure7-ingress-high-rates", "ingress 8", "ingress 16", "lines", "all 30 lines busy (calculated)", True),
    ):
        figure, axes = plt.subplots(figsize=(6.4, 4.2))
        shown = [row for row in rows if not close_up or row["rate"] >= 100]
        line = [row for row in shown if row["name"] == low]
        rates = [row["rate"] for row in line]
        axes.plot(rates, [row[full] for row in line], "k-", label=label)
        heights = [row[full] for row in line]
        for case, style in ((high, "s:"), (low, "o-")):
            for detector, colour, aside in (("table1", BLUE, 0.985), ("shares", ORANGE, 1.015)):
                picked = [row for row in shown if row["name"] == case]
                means, halves = zip(*(row[detector] for row in picked), strict=True)
                heights += means
                axes.errorbar(
                    [row["rate"] * aside for row in picked], means, yerr=halves, fmt=style, color=colour, capsize=2.5,
                    markersize=5, linewidth=1.1, markerfacecolor=colour if case == low else "white",
                    label=f"{NAMES[detector]}, {case.split()[0].upper()} threshold {case.split()[1]}",
                )  # fmt: skip
        _rates(axes, rates, max(heights), min(heights))
        axes.set_ylabel("response time (s)")
        axes.set_title("Time until the attack alarm, VoIP share 11 % (means, 95 % intervals)", fontsize=9.5)
        axes.legend(fontsize=8)
        _save(plt, figure, out, name)


def reliability(plt: Any, rows: Rows, out: Path) -> None:
    """Figure 8: false alarms as bars; below, the time in stage 1 and 2 as curves, over the VoIP share."""
    figure, (axes, other) = plt.subplots(2, 1, figsize=(6.4, 5.2), height_ratios=(3, 2), sharex=True)
    storms = [row for row in rows if row["name"] == "constant"]
    shares = sorted({row["voip"] for row in storms})
    for detector, offset, colour in (("table1", -0.2, BLUE), ("shares", 0.2, ORANGE)):
        heights = [
            row["mean"] for share in shares for row in storms if (row["voip"], row["detector"]) == (share, detector)
        ]
        bars = axes.bar(
            [k + offset for k in range(len(shares))], heights, 0.4, color=colour, label=f"{NAMES[detector]}"
        )
        axes.bar_label(bars, fmt="%.2g", fontsize=8)
    axes.set(ylabel="false alarms a storm")
    axes.set_title(f"{storms[0]['of']} thunderstorms of three hours at each VoIP share", fontsize=9.5)
    axes.legend(loc="upper left")
    first = [next(row for row in storms if row["voip"] == share) for share in shares]
    for key, style, label in (("stage1", "k^-", "stage 1"), ("stage2", "kv--", "stage 2 (Table 1)")):
        other.plot(range(len(shares)), [100 * row[key] for row in first], style, markersize=5, label=label)
        for place, row in enumerate(first):
            other.annotate(
                f"{100 * row[key]:.2g}",
                (place, 100 * row[key]),
                (0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
    other.set_xticks(range(len(shares)), [f"{100 * share:.0f} %" for share in shares])
    other.set(xlabel="VoIP share of the storm", ylabel="share of time (%)", ylim=(-4, 105))
    other.legend(loc="center left")
    _save(plt, figure, out, "figure8-reliability")


def trade_off(plt: Any, rows: Rows, chosen: float, out: Path) -> None:
    """Delay against false alarms of the second detector, beside the bounds of sequential change detection."""
    figure, both = plt.subplots(1, 2, figsize=(8.6, 4.2), sharey=True)
    least = 1 / rows[0]["of"] / 3
    chances = [10 ** (-k / 10) for k in range(46)]
    for axes, rate in zip(both, (25, 100), strict=True):
        for clock, style, label in ((False, "k:", "bound, networks only"), (True, "k-", "bound, networks and clock")):
            calls = [least_calls(STORM_CALLS / chance, rate, 0.2, clock) for chance in chances]
            axes.plot(calls, chances, style, linewidth=1.1, label=label)
        for name, mark, colour, label, beside in (
            ("constant", "o-", ORANGE, "shares constant", 1),
            ("step of 25", "s--", BLUE, "shares step by 25 points", 1.5),
        ):
            some = [row for row in rows if row[name]]
            axes.plot(
                [row[rate] * rate / 60 for row in some], [row[name] for row in some], mark, color=colour, markersize=5,
                linewidth=1.1, label=label,
            )  # fmt: skip
            none = [row for row in rows if not row[name]]
            axes.plot(
                [row[rate] * rate / 60 for row in none], [least * beside] * len(none), mark[0], color=colour,
                markerfacecolor="white", markersize=5, label=f"the same, no false alarm in {rows[0]['of']:,}",
            )  # fmt: skip
        axes.axvline(next(row[rate] for row in rows if row["quiet"] == chosen) * rate / 60, color="0.6", linewidth=1)
        axes.set_yscale("log")
        axes.set(xlabel="delay (calls of the attack)", ylim=(least / 3, 1.5), xlim=(0, None))
        axes.set_title(f"attack of {rate}/min", fontsize=9.5)
    both[0].set_ylabel("storms with a false alarm")
    handles, labels = both[0].get_legend_handles_labels()
    figure.suptitle("Delay against false alarms at a VoIP share of 20 %; grey line: as it stands", fontsize=9.5)
    figure.legend(handles, labels, loc="lower center", ncol=3, fontsize=8, bbox_to_anchor=(0.5, -0.11))
    _save(plt, figure, out, "trade-off")


def detection(plt: Any, rows: Rows, storms: Rows, out: Path) -> None:
    """Delay of both detectors at every share, beside the time to exhaustion and the bound with the clock."""
    figure, panels = plt.subplots(1, 3, figsize=(9.6, 3.9), sharey=True)
    between = shown(storms)
    for axes, voip in zip(panels, (0.11, 0.2, 0.5), strict=True):
        mine = [row for row in rows if row["voip"] == voip]
        rates = sorted({row["rate"] for row in mine})
        full = [row["mean"] / row["ratio"] for row in mine if row["detector"] == "shares"]
        axes.plot(rates, full, "k-", label="all 10 agents busy (calculated)")
        bound = [least_calls(between, rate, voip, True) * 60 / rate for rate in rates]
        axes.plot(rates, bound, "k:", label="bound, networks and clock")
        for detector, style, colour in (("table1", "s--", BLUE), ("shares", "o-", ORANGE)):
            means = [row["mean"] for row in mine if row["detector"] == detector]
            axes.plot(rates, means, style, color=colour, markersize=4, linewidth=1.1, label=NAMES[detector])
        _rates(axes, [25, 50, 100, 400, 1200], 40, 0.1)
        axes.set_title(f"VoIP share {100 * voip:.0f} %", fontsize=9.5)
    panels[0].set_ylabel("mean time until the alarm (s)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncol=4, fontsize=8, bbox_to_anchor=(0.5, -0.06))
    _save(plt, figure, out, "detection")
