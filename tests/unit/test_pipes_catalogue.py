"""Catalogues come from files, the packaged and those of a user, and their faults are sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from siting.errors import InputError
from siting.parameters import load_parameters
from siting.pipes import CATALOGUES, PipeCatalogue, catalogue_for, read_pipe_table

HEAD = "nominal_diameter,inner_diameter_mm,velocity_cap_m_per_s,cost_eur_per_m"


def sizes(catalogue: str | Path = "en253", series: int = 2, **changes: float) -> PipeCatalogue:
    return catalogue_for(
        80, 50, load_parameters(changes), pressure_gradient_pa_per_m=150,
        insulation_series=series, catalogue=catalogue,
    )  # fmt: skip


def write(folder: Path, *lines: str) -> Path:
    path = folder / "own.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def faults(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        sizes(path)
    return "\n".join(str(each) for each in caught.value.faults)


@pytest.mark.parametrize("name", CATALOGUES)
@pytest.mark.parametrize("series", [1, 2, 3])
def test_every_packaged_catalogue_rises(name: str, series: int) -> None:
    """Small pipes do not carry more nor cost more than large ones, and lose heat."""
    found = sizes(name, series)
    assert (np.diff(found.capacity_mw) > 0).all()
    assert (np.diff(found.cost_eur_per_m) > 0).all()
    assert (found.heat_loss_w_per_m > 0).all()


@pytest.mark.parametrize("name", CATALOGUES)
def test_thicker_insulation_loses_less(name: str) -> None:
    losses = [sizes(name, series).heat_loss_w_per_m for series in (1, 2, 3)]
    assert (losses[0] > losses[1]).all()
    assert (losses[1] > losses[2]).all()


def test_twin_pipes_save_a_third_up_to_dn200() -> None:
    """Between 25 and 40 % less than two singles up to DN200, the same pipe above."""
    single, twin = sizes("en253"), sizes("twin")
    saved = 1 - twin.heat_loss_w_per_m / single.heat_loss_w_per_m
    is_twin = np.array(twin.twin)
    assert twin.labels == single.labels
    assert [label for label, each in zip(twin.labels, twin.twin, strict=True) if each][
        -1
    ] == "DN200"
    assert saved[is_twin] == pytest.approx(0.325)
    assert ((saved[is_twin] >= 0.25) & (saved[is_twin] <= 0.40)).all()
    assert (saved[~is_twin] == 0).all()
    assert (twin.capacity_mw == single.capacity_mw).all()


def test_what_twin_pipes_save_can_be_set() -> None:
    ratio = sizes("twin", twin_loss_factor=0.75).heat_loss_w_per_m / sizes().heat_loss_w_per_m
    assert ratio[0] == pytest.approx(0.75)


def test_a_catalogue_with_stated_heat_transfer(tmp_path: Path) -> None:
    """2 x 0.15 W/(m K) x (65 - 8) K = 17.1 W/m; an empty cap takes that of large pipes."""
    path = write(
        tmp_path,
        f"label,{HEAD},heat_transfer_w_per_m_k,remark",
        "PE63,50,51.4,1.0,300,0.15,plastic",
        "PE110,90,90.0,,420,0.20,",
    )
    found = sizes(path)
    assert found.name == "own.csv"
    assert found.labels == ("PE63", "PE110")
    assert found.heat_loss_w_per_m.tolist() == pytest.approx([17.1, 22.8])
    assert found.velocity_cap_m_per_s.tolist() == [1.0, 3.0]
    assert found.cost_eur_per_m.tolist() == [300, 420]


def test_a_catalogue_with_geometry_agrees_with_en253(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{HEAD},outer_diameter_mm,casing_2_mm,casing_wall_2_mm",
        "200,210.1,2.5,1836,219.1,355,4.5",
    )
    own, packaged = sizes(path), sizes().only(["DN200"])
    assert own.labels == ("DN200",)
    assert own.heat_loss_w_per_m == pytest.approx(packaged.heat_loss_w_per_m)
    assert own.heat_loss_w_per_m[0] == pytest.approx(34.9175, abs=5e-5)  # T4
    assert own.capacity_mw == pytest.approx(packaged.capacity_mw)


def test_missing_columns_are_named_all_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "nominal_diameter,velocity_cap_m_per_s", "20,0.8")
    said = faults(path)
    for name in ("inner_diameter_mm", "cost_eur_per_m", "outer_diameter_mm", "casing_2_mm"):
        assert name in said


def test_bad_cells_are_named_with_their_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{HEAD},heat_transfer_w_per_m_k,twin",
        "20,22.3,0.8,650,0.11,no",
        "25,wide,0.8,-3,0.13,perhaps",
        "32,37.2,0.8,,0.14,yes",
    )
    said = faults(path)
    assert "line 3: inner_diameter_mm is 'wide'" in said
    assert "line 3: cost_eur_per_m is '-3'" in said
    assert "line 3: twin is 'perhaps'" in said
    assert "line 4: cost_eur_per_m is ''" in said


def test_order_names_and_casings_are_checked(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{HEAD},outer_diameter_mm,casing_2_mm,casing_wall_2_mm",
        "50,54.5,1.2,880,60.3,140,3.0",
        "50,43.1,1.2,786,48.3,125,3.0",
        "80,82.5,1.8,1061,80.0,180,3.0",
        "100,107.1,1.8,1090,114.3,116,3.0",
    )
    said = faults(path)
    assert "'DN50' stand more than once" in said
    assert "not above that of the line before" in said
    assert "'DN80', 'DN100' do not fit" in said


@pytest.mark.parametrize(("text", "words"), [("", "no row"), (HEAD, "no row")])
def test_an_empty_catalogue_is_a_fault(tmp_path: Path, text: str, words: str) -> None:
    assert words in faults(write(tmp_path, text))


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot read 'none.csv'" in faults(tmp_path / "none.csv")
    path = tmp_path / "own.csv"
    path.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in faults(path)
    with pytest.raises(InputError, match=r"'lead' is not known. Use 'en253', 'twin', or the path"):
        read_pipe_table("lead")


def test_only_some_sizes() -> None:
    assert sizes().only(["DN200", "DN50"]).labels == ("DN50", "DN200")
    with pytest.raises(InputError, match="'DN55'"):
        sizes().only(["DN50", "DN55"])
