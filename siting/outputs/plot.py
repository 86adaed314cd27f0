"""Draw a plan as a still map, for print."""

from __future__ import annotations

import math
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from siting.outputs.frames import PlanFrames
from siting.outputs.looks import NOT_SERVED, PipeClasses, ShareClasses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Drawing", "plot_plan"]

STREET, INK, WATER_EDGE = "#d3cec3", "#16324f", "#2d5d63"
POINTS_PER_PX = 0.42
SURROUNDINGS = 0.08
SPECK_SHARE = 0.012


class Drawing(Figure):
    """A figure that a notebook shows without any setting of matplotlib."""

    def _repr_png_(self) -> bytes:
        """Return the picture."""
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=110)
        return picture.getvalue()


def plot_plan(
    frames: PlanFrames,
    *,
    ax: Axes | None = None,
    title: str = "",
    attribution: str = "",
    whole: bool = False,
) -> Axes:
    """Draw the layers of a plan with matplotlib.

    Parameters
    ----------
    frames
        The layers of the plan.
    ax
        Where to draw; a new figure of its own if not given.
    title, attribution
        What heads the map, and who made the layers.
    whole
        Whether to show the whole region, not the surroundings of the plan alone.

    Returns
    -------
    The axes, without a frame, with scale bar and legend.
    """
    if ax is None:
        ax = Drawing(figsize=(8.3, 6.2), layout="constrained").add_subplot()
    pipes = PipeClasses.of(frames.pipes["nominal_diameter"])
    shares = ShareClasses.of(frames.zones)
    west, south, east, north = _window(frames, whole)
    _draw_streets(frames, ax)
    _draw_zones(frames, shares, ax, SPECK_SHARE * max(east - west, north - south))
    _draw_pipes(frames, pipes, ax)
    _draw_sites(frames, ax)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_aspect("equal")
    ax.set_axis_off()
    _scale_bar(ax, east - west)
    _legend(frames, pipes, shares, ax)
    if title:
        ax.set_title(title, loc="left", fontsize=12, fontweight="bold", color=INK)
    if attribution:
        ax.annotate(
            attribution, (1, 0), xycoords="axes fraction", ha="right", va="top", fontsize=6,
            color="#69757e", annotation_clip=False,
        )  # fmt: skip
    return ax


def _window(frames: PlanFrames, whole: bool) -> tuple[float, float, float, float]:
    """Return the part of the plane that is shown [m]."""
    built = [frames.pipes, frames.served_zones, frames.chosen_sites]
    layers = [frames.sites, frames.zones, frames.streets] if whole else built
    boxes = [layer.total_bounds for layer in layers if len(layer)]
    if not boxes:
        return (0.0, 0.0, 1.0, 1.0) if whole else _window(frames, True)
    table = np.array(boxes)
    west, south = np.nanmin(table[:, :2], axis=0)
    east, north = np.nanmax(table[:, 2:], axis=0)
    edge = max(SURROUNDINGS * max(east - west, north - south), 1.0)
    return float(west - edge), float(south - edge), float(east + edge), float(north + edge)


def _draw_streets(frames: PlanFrames, ax: Axes) -> None:
    if len(frames.streets):
        frames.streets.plot(ax=ax, color=STREET, linewidth=0.5, zorder=1)


def _draw_zones(frames: PlanFrames, shares: ShareClasses, ax: Axes, speck_m: float) -> None:
    """Fill zones by their share of waste heat; points become specks that can be seen."""
    zones = frames.zones[~(frames.zones.geometry.isna() | frames.zones.geometry.is_empty)]
    if not len(zones):
        return
    shapes = zones.geometry.where(zones.geometry.area > 0, zones.geometry.buffer(speck_m))
    for served, edge in ((False, "#bdb5a6"), (True, WATER_EDGE)):
        chosen = (zones["served"] == served).to_numpy()
        if not chosen.any():
            continue
        colours = [
            shares.classes[shares.index(share)].colour if served else NOT_SERVED
            for share in zones["waste_heat_share"][chosen]
        ]
        drawn = shapes[chosen]
        drawn.plot(ax=ax, color=colours, edgecolor=edge, linewidth=0.4, zorder=2 + served)


def _draw_pipes(frames: PlanFrames, classes: PipeClasses, ax: Axes) -> None:
    """Draw pipes small to large, so that mains lie on top."""
    rank = frames.pipes["nominal_diameter"].map(classes.of_size)
    for k, each in enumerate(classes.classes):
        part = frames.pipes[rank == k]
        if len(part):
            width = each.width * POINTS_PER_PX
            part.plot(ax=ax, color=each.colour, linewidth=width, zorder=5 + k)


def _draw_sites(frames: PlanFrames, ax: Axes) -> None:
    """Draw sites; the chosen ones carry their name."""
    for chosen, size, fill, edge in ((False, 28, "#ffffff", "#69757e"), (True, 70, INK, "#ffffff")):
        part = frames.sites[frames.sites["chosen"] == chosen]
        if len(part):
            part.plot(
                ax=ax, color=fill, edgecolor=edge, markersize=size, linewidth=1, zorder=20 + chosen
            )
    for row in frames.chosen_sites.to_dict("records"):
        # A dollar sign would begin a formula.
        ax.annotate(
            row["name"].replace("$", r"\$"), (row["geometry"].x, row["geometry"].y),
            xytext=(7, 5), textcoords="offset points", fontsize=8, color=INK, zorder=30,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1},
            annotation_clip=True,
        )  # fmt: skip


def _scale_bar(ax: Axes, width_m: float) -> None:
    """Draw a bar of a round length, about a fifth of the width."""
    length_m = round_length(width_m / 5)
    share = length_m / width_m
    words = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    line: dict[str, Any] = {"transform": ax.transAxes, "color": INK, "zorder": 40}
    ax.plot([0.02, 0.02 + share], [0.025, 0.025], linewidth=2.5, solid_capstyle="butt", **line)
    ax.text(0.02 + share / 2, 0.035, words, ha="center", va="bottom", fontsize=7, **line)


def round_length(length_m: float) -> float:
    """Return a round length that is not above another: 1, 2 or 5 times a power of ten [m].

    Examples
    --------
    >>> round_length(730.0), round_length(199.0), round_length(2.0)
    (500.0, 100.0, 2.0)
    """
    power = 10.0 ** math.floor(math.log10(max(length_m, 1e-6)))
    return max(step * power for step in (1, 2, 5) if step * power <= length_m * (1 + 1e-9))


def _legend(frames: PlanFrames, pipes: PipeClasses, shares: ShareClasses, ax: Axes) -> None:
    """Say what lines, areas and dots mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Any] = [
        Line2D([], [], color=each.colour, linewidth=each.width * POINTS_PER_PX, label=each.label)
        for each in pipes.classes
    ]
    if bool(frames.zones["served"].any()):
        entries += [
            Patch(facecolor=each.colour, edgecolor=WATER_EDGE, label=f"{each.label} % waste heat")
            for each in shares.classes
        ]
    entries.append(Patch(facecolor=NOT_SERVED, edgecolor="#bdb5a6", label="zone not served"))
    dot: dict[str, Any] = {"linestyle": "none", "marker": "o"}
    entries += [
        Line2D([], [], color=INK, label="site chosen", **dot),
        Line2D(
            [], [], markerfacecolor="#ffffff", color="#69757e", label="other candidate site", **dot
        ),
    ]
    ax.legend(
        handles=entries, loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=7, frameon=False
    )
