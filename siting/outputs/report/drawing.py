"""Draw the plan as a map without any script, for print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from siting.outputs import words
from siting.outputs.frames import PlanFrames
from siting.outputs.looks import NOT_SERVED, PipeClasses, ShareClasses
from siting.outputs.plot import round_length
from siting.outputs.report.matter import records

__all__ = ["Drawing", "drawing_of"]

MAP_WIDTH = 1000.0
MAP_HEIGHT = 760.0
SURROUNDINGS = 0.15


@dataclass(frozen=True)
class Drawing:
    """A map as SVG: size, scale bar with its words, and shapes from the bottom up."""

    height: float
    bar: float
    bar_words: str
    paths: list[dict[str, Any]]
    sites: list[dict[str, Any]]
    pipes: PipeClasses
    shares: ShareClasses


def drawing_of(frames: PlanFrames) -> Drawing | None:
    """Return a map of the plan without any script, or nothing where there is nothing to draw."""
    frame = _Frame.of(frames)
    if frame is None:
        return None
    pipes = PipeClasses.of(frames.pipes["nominal_diameter"])
    shares = ShareClasses.of(frames.zones)
    served = frames.zones["served"].astype(bool)
    share = np.array([shares.index(each) for each in frames.zones["waste_heat_share"]], dtype=int)
    size = np.array([pipes.of_size[each] for each in frames.pipes["nominal_diameter"]], dtype=int)
    paths = [_path(frame, frames.streets, stroke="#d3cec3", width=1.1)]
    paths.append(_path(frame, frames.zones[~served], fill=NOT_SERVED, stroke="#bdb5a6", width=0.5))
    for k, each in enumerate(shares.classes):
        part = frames.zones[served & (share == k)]
        paths.append(_path(frame, part, fill=each.colour, stroke="#2d5d63", width=0.5))
    paths.append(_path(frame, frames.pipes, stroke="#ffffff", width=6.0))
    for k, look in enumerate(pipes.classes):
        part = frames.pipes[size == k]
        paths.append(_path(frame, part, stroke=look.colour, width=0.7 * look.width))
    sites = [
        {"x": x, "y": y, **row}
        for (x, y), row in zip(frame.points(frames.sites), records(frames.sites), strict=True)
    ]
    length_m = round_length(MAP_WIDTH / frame.scale / 5)
    return Drawing(
        height=frame.height,
        bar=length_m * frame.scale,
        bar_words=words.length(length_m),
        paths=[path for path in paths if path["d"]],
        sites=sites,
        pipes=pipes,
        shares=shares,
    )


@dataclass(frozen=True)
class _Frame:
    """From metres on the ground to units of the drawing."""

    west: float
    north: float
    scale: float
    height: float

    @classmethod
    def of(cls, frames: PlanFrames) -> _Frame | None:
        """Return a frame around what is built with its surroundings, or around everything."""
        built = [
            frames.pipes,
            frames.sites[frames.sites["chosen"].astype(bool)],
            frames.zones[frames.zones["served"].astype(bool)],
        ]
        every = [frames.sites, frames.zones, frames.pipes]
        box = _box(built)
        box = _box(every) if box is None else box
        if box is None:
            return None
        west, south, east, north = box
        margin = max(SURROUNDINGS * max(east - west, north - south), 30.0)
        west, south, east, north = west - margin, south - margin, east + margin, north + margin
        scale = min(MAP_WIDTH / (east - west), MAP_HEIGHT / (north - south))
        west -= (MAP_WIDTH / scale - (east - west)) / 2
        return cls(west, north, scale, float((north - south) * scale))

    @property
    def window(self) -> Any:
        """The ground that the drawing shows."""
        wide, high = MAP_WIDTH / self.scale, self.height / self.scale
        return shapely.box(self.west, self.north - high, self.west + wide, self.north)

    def to_page(self, xy: Any) -> Any:
        """Return coordinates of the drawing."""
        return np.round((xy - (self.west, self.north)) * (self.scale, -self.scale), 1)

    def points(self, frame: Any) -> list[tuple[float, float]]:
        """Return where points are on the drawing."""
        page = self.to_page(shapely.get_coordinates(frame.geometry.array))
        return [(float(x), float(y)) for x, y in page]


def _box(layers: list[Any]) -> tuple[float, float, float, float] | None:
    """Return the bounds of several layers together, if there is anything in them."""
    boxes = np.array([each.total_bounds for each in layers if len(each)])
    if not len(boxes):
        return None
    west, south = np.nanmin(boxes[:, :2], axis=0)
    east, north = np.nanmax(boxes[:, 2:], axis=0)
    return float(west), float(south), float(east), float(north)


def _path(
    frame: _Frame, layer: Any, *, fill: str = "none", stroke: str, width: float
) -> dict[str, Any]:
    """Return all shapes of a layer as one path."""
    shapes = np.asarray(layer.geometry.array)
    shapes = shapes[shapely.intersects(shapes, frame.window)]
    points = shapely.get_dimensions(shapes) == 0
    shapes[points] = shapely.buffer(shapes[points], 4 / frame.scale)
    parts = shapely.get_parts(shapely.simplify(shapes, 0.6 / frame.scale))
    lines, close = (shapely.get_rings(parts), "Z") if fill != "none" else (parts, "")
    pieces = []
    for line in lines:
        page = frame.to_page(shapely.get_coordinates(line))
        pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in page) + close)
    return {"d": "".join(pieces), "fill": fill, "stroke": stroke, "width": round(width, 2)}
