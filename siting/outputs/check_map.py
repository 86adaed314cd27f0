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
from siting.outputs.labels import ENGLISH, Labels, labels_of, languages
from siting.outputs.layered_map import Layer, layered_map, write_page
from siting.outputs.source import attribution_of
from siting.outputs.words import count_words, sentence
from siting.region import acts_frame

if TYPE_CHECKING:
    from siting.study import Findings

__all__ = ["build_check_map", "write_acts", "write_check"]

PLACES_SHOWN = 3_000
"""Places of one kind of act drawn on the page; the GeoPackage holds all of them."""

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


def build_check_map(findings: Findings, labels: Labels | None = None) -> folium.Map:
    """Return the page of a check as a map, for a notebook or to save.

    Parameters
    ----------
    findings
        From `siting.study.Study.inspect`.
    labels
        The texts; in the language of the study if not given, in English where it is not known.
    """
    region, language = findings.region, findings.config.outputs.language
    t = labels or (labels_of(language) if language in languages() else ENGLISH)
    layers = [
        *_street_layers(findings, t), *_act_layers(findings, t), *_place_layers(findings, t)
    ]  # fmt: skip
    return layered_map(
        layers,
        region.crs,
        title=findings.config.study.name,
        page=_page(findings, t),
        attribution=attribution_of(findings.config),
        framed=(t("check.zones"), t("check.sites")),
        labels=t,
    )


# ------------------------------------------------------------------------------- layers


def _street_layers(findings: Findings, t: Labels) -> list[Layer]:
    """Return streets by the heat that zones beside them need, and the parts of the network."""
    layers = []
    classes = linear_density(findings.region, findings.config.network, t)
    for name, shapes, colour, words in classes:
        facts = [Facts(colour, name, words)]
        layers.append(Layer(name, _merged(shapes), facts, True, colour, t("check.beside")))
    if findings.network is None:
        return layers
    edges = findings.network.edges
    part = findings.network.nodes["part"].reindex(edges["u"]).to_numpy()
    street = np.isin(edges["kind"].to_numpy(), ["street", "existing"])
    for number in np.unique(part[street]):
        own = edges.geometry.to_numpy()[street & (part == number)]
        words = [(t("check.streets"), f"{shapely.length(own).sum() / 1000:,.2f} km")]
        name, colour = t("check.part_name", number=number), colour_of_part(int(number))
        if number >= len(ACT_COLOURS):
            break
        facts = [Facts(colour, name, words)]
        layers.append(Layer(name, _merged(own), facts, False, colour, t("check.network")))
    service = edges.geometry.to_numpy()[~street]
    if len(service):
        words = [(t("check.lines"), f"{len(service):,}")]
        name, colour = t("check.candidates"), "#475569"
        facts = [Facts(colour, name, words)]
        layers.append(Layer(name, _merged(service), facts, False, colour, t("check.network")))
    return layers


def _act_layers(findings: Findings, t: Labels) -> list[Layer]:
    """Return one layer for each kind of act; repairs are shown at once, the rest on request."""
    acts = acts_frame(findings.remarks, findings.region.crs)
    layers = []
    for number, (act, rows) in enumerate(acts.groupby("act", sort=False)):
        colour = ACT_COLOURS[number % len(ACT_COLOURS)]
        told = t.said(str(act))
        shown = rows.head(PLACES_SHOWN)
        facts = [
            Facts(colour, told, _act_words(layer, detail, length, t))
            for layer, detail, length in zip(
                shown["layer"], shown["detail"], shown["length_m"], strict=True
            )
        ]
        name = f"{sentence(told)} ({len(rows):,})"
        is_repair = bool(rows["repair"].any())
        group = t("check.repaired" if is_repair else "check.decided")
        layers.append(Layer(name, shown.geometry.to_numpy(), facts, is_repair, colour, group))
    return sorted(layers, key=lambda layer: layer.group != t("check.repaired"))


def _act_words(layer: str, detail: str, length_m: float, t: Labels) -> list[tuple[str, str]]:
    """Return what the page says of one act."""
    length = [(t("check.length"), f"{length_m:,.2f} m")] if length_m else []
    more = [(t("check.detail"), t.said(detail))] if detail else []
    return [(t("check.layer"), t.said(layer)), *length, *more]


def _place_layers(findings: Findings, t: Labels) -> list[Layer]:
    """Return zones and sites, coloured by the part of the network they lie on."""
    layers = []
    region, network = findings.region, findings.network
    spoken = _faults_by_id((*findings.faults, *findings.doubts))
    for kind, name, frame, nodes in (
        ("zones", t("check.zones"), region.zones.frame, network.zone_nodes if network else None),
        ("sites", t("check.sites"), region.sites.frame, network.site_nodes if network else None),
    ):
        parts = None if network is None or nodes is None else _parts_of(network, nodes)
        shapes = frame.get("outline", frame.geometry)
        facts = place_facts(kind, frame, parts, spoken, t)
        colour = colour_of_part(0)
        outlines = np.asarray(shapes, dtype=object)
        layers.append(Layer(name, outlines, facts, True, colour, t("check.places")))
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


def _page(findings: Findings, t: Labels) -> str:
    """Return the panel with the verdict, the figures and every fault, doubt and act."""
    result = findings.result
    counts = {} if result is None else result.counts
    figures = [count_words(name, value, t) for name, value in counts.items()]
    verdict = t("check.clean")
    if findings.doubts:
        verdict = t("check.doubts_only", doubts=_doubts(findings, t))
    if findings.faults:
        count = len(findings.faults)
        faults = t("check.one_fault") if count == 1 else t("check.faults", count=f"{count:,}")
        verdict = t("check.faults_too", faults=faults, doubts=_doubts(findings, t))
    return template("check.html").render(
        t=t,
        title=findings.config.study.name,
        verdict=verdict,
        state="bad" if findings.faults else "odd" if findings.doubts else "good",
        figures=figures,
        faults=findings.faults,
        doubts=findings.doubts,
        remarks=findings.remarks,
    )


def _doubts(findings: Findings, t: Labels) -> str:
    """Return how many doubts there are, in words."""
    count = len(findings.doubts)
    return t("check.one_doubt") if count == 1 else t("check.doubts", count=f"{count:,}")
