"""Draw what a check understood, repaired and dropped as one web page that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
import numpy as np
import pyogrio
import shapely

from siting.errors import Fault
from siting.outputs.assets import template
from siting.outputs.check_facts import Facts, colour_of_part, linear_density, place_facts
from siting.outputs.layered_map import Layer, layered_map, write_page
from siting.outputs.source import attribution_of
from siting.outputs.words import count_words
from siting.region import acts_frame

if TYPE_CHECKING:
    from siting.study import Findings

__all__ = ["build_check_map", "write_acts", "write_check"]

PLACES_SHOWN = 3_000
"""Places of one kind of act drawn on the page; the GeoPackage holds all of them."""

HEAT_BESIDE = "Heat demand beside streets"
NETWORK = "Network"
REPAIRED = "Repaired or dropped"
DECIDED = "Read and decided"
PLACES = "Places; red ones reach no street"

ACT_COLOURS = ("#c2410c", "#7c3aed", "#0f766e", "#b91c1c", "#a16207", "#1d4ed8", "#be185d")


def write_check(findings: Findings, path: str | Path) -> Path:
    """Write the page of a check, whatever was found.

    Parameters
    ----------
    findings
        From `siting.study.Study.inspect`.
    path
        File to write.

    Raises
    ------
    RuntimeError
        The page would load something from outside: a fault of this package.
    """
    return write_page(build_check_map(findings), path)


def write_acts(findings: Findings, path: str | Path) -> Path:
    """Write every repair and drop with its place into a GeoPackage, one layer ``acts``."""
    path = Path(path)
    acts = acts_frame(findings.remarks, findings.region.crs)
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(acts, path, layer="acts", driver="GPKG", geometry_type="Unknown")
    return path


def build_check_map(findings: Findings) -> folium.Map:
    """Return the page of a check as a map, for a notebook or to save."""
    region = findings.region
    layers = [*_street_layers(findings), *_act_layers(findings), *_place_layers(findings)]
    return layered_map(
        layers,
        region.crs,
        title=findings.config.study.name,
        page=_page(findings),
        attribution=attribution_of(findings.config),
        framed=("Zones", "Sites"),
    )


# ------------------------------------------------------------------------------- layers


def _street_layers(findings: Findings) -> list[Layer]:
    """Return streets by the heat that zones beside them need, and the parts of the network."""
    layers = []
    for name, shapes, colour, words in linear_density(findings.region, findings.config.network):
        facts = [Facts(colour, name, words)]
        layers.append(Layer(name, _merged(shapes), facts, True, colour, HEAT_BESIDE))
    if findings.network is None:
        return layers
    edges = findings.network.edges
    part = findings.network.nodes["part"].reindex(edges["u"]).to_numpy()
    street = np.isin(edges["kind"].to_numpy(), ["street", "existing"])
    for number in np.unique(part[street]):
        own = edges.geometry.to_numpy()[street & (part == number)]
        words = [("Streets", f"{shapely.length(own).sum() / 1000:,.2f} km")]
        name, colour = f"Network part {number}", colour_of_part(int(number))
        if number >= len(ACT_COLOURS):
            break
        facts = [Facts(colour, name, words)]
        layers.append(Layer(name, _merged(own), facts, False, colour, NETWORK))
    service = edges.geometry.to_numpy()[~street]
    if len(service):
        words = [("Lines", f"{len(service):,}")]
        name, colour = "Candidate connections", "#475569"
        facts = [Facts(colour, name, words)]
        layers.append(Layer(name, _merged(service), facts, False, colour, NETWORK))
    return layers


def _act_layers(findings: Findings) -> list[Layer]:
    """Return one layer for each kind of act; repairs are shown at once, the rest on request."""
    acts = acts_frame(findings.remarks, findings.region.crs)
    layers = []
    for number, (act, rows) in enumerate(acts.groupby("act", sort=False)):
        colour = ACT_COLOURS[number % len(ACT_COLOURS)]
        shown = rows.head(PLACES_SHOWN)
        facts = [
            Facts(colour, str(act), _act_words(layer, detail, length))
            for layer, detail, length in zip(
                shown["layer"], shown["detail"], shown["length_m"], strict=True
            )
        ]
        name = f"{str(act)[:1].upper()}{str(act)[1:]} ({len(rows):,})"
        is_repair = bool(rows["repair"].any())
        group = REPAIRED if is_repair else DECIDED
        layers.append(Layer(name, shown.geometry.to_numpy(), facts, is_repair, colour, group))
    return sorted(layers, key=lambda layer: layer.group != REPAIRED)


def _act_words(layer: str, detail: str, length_m: float) -> list[tuple[str, str]]:
    """Return what the page says of one act."""
    length = [("Length", f"{length_m:,.2f} m")] if length_m else []
    return [("Layer", layer), *length, *([("Detail", detail)] if detail else [])]


def _place_layers(findings: Findings) -> list[Layer]:
    """Return zones and sites, coloured by the part of the network they lie on."""
    layers = []
    region, network = findings.region, findings.network
    spoken = _faults_by_id((*findings.faults, *findings.doubts))
    for kind, name, frame, nodes in (
        ("zones", "Zones", region.zones.frame, network.zone_nodes if network else None),
        ("sites", "Sites", region.sites.frame, network.site_nodes if network else None),
    ):
        parts = None if network is None or nodes is None else _parts_of(network, nodes)
        shapes = frame.get("outline", frame.geometry)
        facts = place_facts(kind, frame, parts, spoken)
        colour = colour_of_part(0)
        layers.append(Layer(name, np.asarray(shapes, dtype=object), facts, True, colour, PLACES))
    return layers


def _parts_of(network: Any, nodes: Any) -> dict[str, int]:
    """Return the part of the network of each id, -1 for none."""
    parts = network.nodes["part"].reindex(nodes.to_numpy()).fillna(-1).astype(int)
    return dict(zip(map(str, nodes.index), parts.tolist(), strict=True))


def _faults_by_id(found: Sequence[Fault]) -> dict[tuple[str, str], list[str]]:
    """Return what was said of each feature."""
    spoken: dict[tuple[str, str], list[str]] = {}
    for fault in found:
        for each in fault.ids:
            spoken.setdefault((fault.layer, each), []).append(fault.message)
    return spoken


def _merged(shapes: Any) -> np.ndarray:
    """Return many lines as one shape, thinned by 2 m for the screen."""
    parts = shapely.get_parts(np.asarray(shapes, dtype=object))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    if not len(parts):
        return np.zeros(0, dtype=object)
    lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
    return np.array([shapely.multilinestrings(shapely.simplify(lines, 2.0))], dtype=object)


# --------------------------------------------------------------------------------- page


def _page(findings: Findings) -> str:
    """Return the panel with the verdict, the figures and every fault, doubt and act."""
    result = findings.result
    counts = {} if result is None else result.counts
    figures = [count_words(name, value) for name, value in counts.items()]
    verdict = "clean"
    if findings.doubts:
        verdict = f"{_number(findings.doubts, 'doubt')}, no fault"
    if findings.faults:
        verdict = f"{_number(findings.faults, 'fault')}, {_number(findings.doubts, 'doubt')}"
    return template("check.html").render(
        title=findings.config.study.name,
        verdict=verdict,
        state="bad" if findings.faults else "odd" if findings.doubts else "good",
        figures=figures,
        faults=findings.faults,
        doubts=findings.doubts,
        remarks=findings.remarks,
    )


def _number(found: Sequence[Fault], noun: str) -> str:
    """Return how many there are, in words."""
    return f"{len(found):,} {noun}{'' if len(found) == 1 else 's'}"
