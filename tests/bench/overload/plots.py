"""Plots like figures 5 to 8 of the paper, and the trade-off; SVG and PNG. Needs matplotlib, which only this bench uses."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def library() -> types.ModuleType | None:
    """matplotlib.pyplot, or None with a word on how to get it."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        print("\nno plots: matplotlib is not installed (pip install matplotlib)")
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.rcParams.update({"font.size": 9, "axes.grid": True, "grid.alpha": 0.3, "svg.hashsalt": "overload"})
    return pyplot


def _save(plt: Any, figure: Any, out: Path, name: str) -> None:
    figure.tight_layout()
    for kind in ("svg", "png"):
        figure.savefig(out / f"{name}.{kind}", dpi=120, metadata={"Date": None} if kind == "svg" else None)
    plt.close(figure)
    print(f"plot: {out / name}.png")


def response(plt: Any, rows: Rows, out: Path) -> None:
    """Figures 5, 6 and 7."""
    for name, low, high, full, label, close_up in (
        ("figure5-agents", "agents 4", "agents 8", "agents", "all agents busy (calculated)", False),
        ("figure6-ingress", "ingress 8", "ingress 16", "lines", "all lines busy (calculated)", False),
        ("figure7-ingress-high-rates", "ingress 8", "ingress 16", "lines", "all lines busy (calculated)", True),
    ):
        figure, axes = plt.subplots(figsize=(6.4, 4))
        shown = [row for row in rows if not close_up or row["rate"] >= 100]
        line = [row for row in shown if row["name"] == low]
        axes.plot([r["rate"] for r in line], [r[full] for r in line], "k-", label=label)
        for case, style in ((low, "o"), (high, "s")):
            for detector, colour in (("table1", "tab:blue"), ("shares", "tab:orange")):
                picked = [row for row in shown if row["name"] == case]
                means, halves = zip(*(row[detector] for row in picked), strict=True)
                axes.errorbar(
                    [row["rate"] for row in picked], means, yerr=halves, fmt=style + "--", color=colour, capsize=3,
                    fillstyle="full" if case == low else "none", label=f"{detector}, threshold {case}",
                )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks([row["rate"] for row in line], [str(row["rate"]) for row in line])
        axes.minorticks_off()
        axes.set(xlabel="attack rate (calls/min)", ylabel="response time (s)")
        axes.set_title("Time until the attack alarm (95 % intervals)")
        axes.legend()
        _save(plt, figure, out, name)


def reliability(plt: Any, rows: Rows, out: Path) -> None:
    """Figure 8: false alarms as bars, time in stage 1 and 2 as curves, over the VoIP share."""
    figure, axes = plt.subplots(figsize=(6.4, 4))
    storms = [row for row in rows if row["name"] == "constant"]
    shares = sorted({row["voip"] for row in storms})
    for detector, offset, colour in (("table1", -0.2, "tab:blue"), ("shares", 0.2, "tab:orange")):
        heights = [
            row["mean"] for share in shares for row in storms if (row["voip"], row["detector"]) == (share, detector)
        ]
        bars = axes.bar(
            [k + offset for k in range(len(shares))], heights, 0.4, color=colour, label=f"false alarms, {detector}"
        )
        axes.bar_label(bars, fmt="%.2g", fontsize=8)
    axes.set_xticks(range(len(shares)), [f"{share:.0%}" for share in shares])
    axes.set(xlabel="VoIP share of the storm", ylabel="false alarms a storm of three hours")
    axes.grid(False)
    other = axes.twinx()
    first = [next(row for row in storms if row["voip"] == share) for share in shares]
    other.plot(range(len(shares)), [100 * row["stage1"] for row in first], "k^-", label="time in stage 1")
    other.plot(range(len(shares)), [100 * row["stage2"] for row in first], "kv--", label="time in stage 2 (Table 1)")
    other.set(ylabel="share of time (%)", ylim=(0, 100))
    handles = [*axes.get_legend_handles_labels()[0], *other.get_legend_handles_labels()[0]]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=4, fontsize=7)
    _save(plt, figure, out, "figure8-reliability")


def trade_off(plt: Any, rows: Rows, chosen: float, out: Path) -> None:
    """Delay against false alarms of the second detector."""
    figure, axes = plt.subplots(figsize=(6.4, 4))
    for name, style in (("constant", "o-"), ("step of 25", "s--")):
        for rate, colour in ((25, "tab:red"), (100, "tab:green")):
            axes.plot(
                [row[rate] * rate / 60 for row in rows], [max(row[name], 1e-4) for row in rows], style, color=colour,
                label=f"{rate}/min, shares {name}",
            )  # fmt: skip
            axes.plot(
                [row[rate] * rate / 60 for row in rows if row["quiet"] == chosen],
                [max(row[name], 1e-4) for row in rows if row["quiet"] == chosen],
                "k*", markersize=11,
            )  # fmt: skip
    axes.set_yscale("log")
    axes.set(xlabel="delay (calls of the attack)", ylabel="storms with a false alarm (none: drawn at 0.0001)")
    axes.set_title("Quiet tests at a VoIP share of 20 %, stage 1 held open; star: as it stands")
    axes.legend()
    _save(plt, figure, out, "trade-off")
