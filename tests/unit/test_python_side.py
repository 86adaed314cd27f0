"""What a notebook shows: maps, drawings, tables, bars; escaped, without paths, quiet in scripts."""

from __future__ import annotations

import sys
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace

import folium
import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from sample_plan import ROGUE, small_town, with_nothing_built

import siting
from siting import watching
from siting.appraisal import appraise
from siting.config import config_from_dict
from siting.errors import InputError
from siting.frontier.result import Frontier, Point
from siting.frontier.shape import Line
from siting.optimise import Progress
from siting.outputs.frames import plan_frames
from siting.outputs.plot import plot_plan, round_length
from siting.study import CheckResult, Run, Study

LAYERS = {name: {"path": f"layers/{name}.gpkg"} for name in ("sites", "zones", "streets")}


def run_of(town, name: str = "Warm <town>") -> Run:
    config = config_from_dict(
        {"study": {"name": name}, "layers": LAYERS, "limits": {"budget_eur": 2e6}},
        Path("/secret/place/study.toml"),
    )
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    checked = CheckResult(town.region, town.network, {}, town.assembly, ())
    return Run(config, checked, town.plan, appraise(town.assembly.problem, town.plan), frames)


@pytest.fixture(params=[True, False], ids=["built", "empty"])
def town(request):
    return small_town() if request.param else with_nothing_built(small_town())


def test_a_run_and_its_plan_show_the_map(town):
    run = run_of(town)
    assert isinstance(run.explore(), folium.Map)
    assert isinstance(run.plan.explore(), folium.Map)


def test_a_plan_of_a_run_is_equal_to_the_bare_one(town):
    run = run_of(town)
    assert run.plan == town.plan
    assert "_run" not in vars(town.plan)


def test_a_bare_plan_says_why_it_has_no_map():
    for show in (small_town().plan.explore, small_town().plan.plot):
        with pytest.raises(InputError, match="has no map"):
            show()


@pytest.mark.parametrize("whole", [True, False])
def test_the_drawing_holds_the_plan(town, whole):
    axes = run_of(town).plot(whole=whole)
    picture = BytesIO()
    axes.figure.savefig(picture, format="png")
    assert picture.getvalue().startswith(b"\x89PNG")
    assert axes.figure._repr_png_().startswith(b"\x89PNG")
    texts = {each.get_text() for each in axes.get_legend().get_texts()}
    assert {"zone not served", "site chosen"} <= texts
    assert ("DN 100" in texts) == bool(town.plan.pipes)
    names = {each.get_text() for each in axes.texts}
    assert ("West works" in names) == bool(town.plan.sites)
    assert axes.get_title(loc="left") == "Warm <town>"


def test_the_drawing_leaves_global_settings_alone_and_takes_axes():
    before, backend = dict(mpl.rcParams), mpl.get_backend()
    figure = Figure()
    axes = figure.add_subplot()
    assert run_of(small_town()).plot(ax=axes) is axes
    assert (dict(mpl.rcParams), mpl.get_backend()) == (before, backend)


def test_a_dollar_in_a_name_is_no_formula():
    town = small_town()
    town.region.sites.frame.loc["S-1", "name"] = "A $b_ C$"
    frames = plan_frames(town.region, town.network, town.assembly, town.plan)
    plot_plan(frames).figure.savefig(BytesIO())


def test_a_scale_bar_is_round():
    for length in (3.0, 47.0, 1_234.0, 99_999.0):
        assert 0.4 < round_length(length) / length <= 1


def test_tables_escape_texts_and_show_no_paths(town):
    run = run_of(town)
    for shown in (run, run.plan, Study(run.config), run.checked):
        page = shown._repr_html_()
        assert "<table>" in page
        assert "/secret" not in page
        assert "Warm <town>" not in page
    assert "Warm &lt;town&gt;" in run._repr_html_()
    assert "budget eur 2e+06" in Study(run.config)._repr_html_()


def test_layers_of_a_check_and_a_plan_are_geodataframes():
    run = run_of(small_town())
    assert set(run.checked.frames) == {"sites", "zones", "streets", "nodes", "edges"}
    assert all(each.crs == run.region.crs for each in run.checked.frames.values())
    assert list(run.frames.chosen_sites["site_id"]) == ["S-1"]
    assert ROGUE in set(run.frames.served_zones["name"])


def test_everything_says_on_one_line_what_it_is():
    run = run_of(small_town())
    for shown in (run, run.checked, Study(run.config)):
        assert len(repr(shown)) < 120
        assert "Warm <town>" in repr(shown) or "Town" in repr(shown)
    assert "1 sites, 3 zones, 5.8 GWh/a" in repr(run)


def test_a_frontier_has_a_table_a_picture_and_a_card():
    plan = small_town().plan
    point = Point(plan, 7_000.0, True)
    line = Line(0.001, 5_000.0, 1)
    found = Frontier((point,), (line,), (), 9_000.0, True, "x", 0.01, 1.0)
    assert found.frame()["heat_mwh"].tolist() == [plan.heat_mwh]
    assert found.plot().get_xlabel() == "investment [MEUR]"
    assert "at most 7 GWh/a" in found._repr_html_()
    assert repr(found) == "<Frontier: 1 plans, 1 proven lines>"


def test_a_run_without_money_has_no_sensitivities():
    assert run_of(small_town()).sensitivities().empty


def test_a_run_explains_itself():
    run = run_of(small_town())
    assert run.explain("Z-1").reason == "served"
    assert run.explain("Z-5").reason == "out of reach of the streets"
    with pytest.raises(InputError, match="The nearest id is 'Z-1'"):
        run.explain("Z-1x")


# Progress ---------------------------------------------------------------------------------------

STEP = Progress(3.0, "<search>", 1.0, 1.5, 0.5)


def test_no_bar_is_drawn_where_nobody_looks(monkeypatch):
    monkeypatch.setattr(sys, "stderr", StringIO())
    with watching.progress_bar("max_heat", 60.0, 0.01) as bar:
        assert bar is None
    assert sys.stderr.getvalue() == ""


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_the_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with watching.progress_bar("max_heat", 60.0, 0.01) as bar:
        assert bar is not None
        bar(STEP)
        bar._progress.refresh()
    assert "<search>" in sys.stderr.getvalue()


def test_a_notebook_sees_the_bar_escaped(monkeypatch):
    pages = []
    handle = SimpleNamespace(update=lambda page: pages.append(page.data))
    import IPython.display

    monkeypatch.setattr(IPython.display, "display", lambda page, display_id: handle)
    monkeypatch.setattr(watching, "in_notebook", lambda: True)
    with watching.progress_bar("max_heat", 60.0, 0.01) as bar:
        assert bar is not None
        bar(STEP)
        bar(STEP)  # too soon to be drawn again
    assert len(pages) == 2
    assert "&lt;search&gt;" in pages[0]
    assert pages[-1] == ""


def test_a_script_is_no_notebook():
    assert watching.in_notebook() is False


@pytest.mark.parametrize(
    ("seconds", "gap", "share"),
    [(0.0, float("inf"), 0.0), (15.0, 0.5, 0.25), (1.0, 0.01, 1.0), (99.0, 0.9, 1.0)],
)
def test_the_bar_fills_by_time_or_by_gap(seconds, gap, share):
    step = Progress(seconds, "search", None, None, gap)
    assert watching.bar_share(step, 60.0, 0.01) == pytest.approx(share)


@pytest.mark.parametrize("progress", [True, False])
def test_a_run_of_a_study_is_quiet_in_scripts(small_study, capsys, progress):
    run = siting.read_study(small_study / "study.toml").run(progress=progress)
    assert capsys.readouterr().err == ""
    assert (run.folder / "plan.xlsx").is_file()
    assert siting.verify_plan(run.assembly.problem, run.plan) == []
