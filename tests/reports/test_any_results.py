"""Whatever valid results there are, they give a report; whatever is not valid gives a sentence."""

import json
import shutil
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.page.html import Page, write_page
from fewbench.reports.plots import saving
from fewbench.reports.records import ResultError
from fewbench.reports.report import write_report
from fewbench.reports.report_data import gather
from fewbench.reports.result_files import load_results, save_result
from fewbench.reports.stats.available import available_interval
from fewbench.reports.tables.frames import tables_frame
from fewbench.reports.tables.printed import latex, markdown, to_text
from fewbench_tests.made_results import one_bin

NAMES = st.from_regex(r"[a-z0-9](_?[a-z0-9.-]){0,8}", fullmatch=True)
KINDS = ["episodes-t", "legacy-z", "legacy-z-ddof1", "legacy-z-n1", "open", "anytime"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def changes(draw):
    """Fields of a result of any protocol that is small enough to be quick.

    With them comes the bin of the calibration table that holds all queries, or None.
    """
    fields = {
        "name": draw(st.sampled_from(["omniglot-5w1s", "omniglot-5w5s"]) | NAMES),
        "dataset": draw(st.sampled_from(["omniglot", "omniglot-nearest", "mine"])),
        "split": draw(st.sampled_from(["test", "val"])),
        "n_way": draw(st.sampled_from([2, 5, 20])),
        "n_shot": draw(st.sampled_from([1, 5])),
        "n_query": draw(st.integers(1, 3)),
        "n_episodes": draw(st.integers(1, 6)),
        "rotations": draw(st.booleans()),
        "task_rotations": draw(st.booleans()),
        "sampling": draw(st.sampled_from(["independent", "disjoint", "listed"])),
        "interval": draw(st.sampled_from(KINDS)),
        "adaptation_steps": draw(st.none() | st.integers(1, 10)),
        "learner": draw(st.sampled_from(["protonet", "maml"]) | NAMES),
        "backbone": draw(st.just("conv4-64") | TEXTS),
        "train_seed": draw(st.integers(0, 2)),
        "recipe": draw(
            st.dictionaries(TEXTS, st.none() | st.booleans() | TEXTS, max_size=3)
        ),
        "transductive": draw(st.booleans()),
        "partial": draw(st.booleans()),
        "checkpoint_sha256": draw(st.none() | st.just("ab" * 32)),
        "command": draw(TEXTS),
        "created_utc": draw(TEXTS),
        "accuracy": draw(st.sampled_from([0.0, 0.3, 0.9, 1.0])),
        "rng_seed": draw(st.integers(0, 3)),
    }
    return fields, draw(st.none() | st.integers(0, 99))


def made(make_result, several):
    results = []
    for fields, place in several:
        result = make_result(**fields)
        if place is not None:
            table = one_bin(result.predictions, result.protocol.n_way, place)
            result = replace(result, calibration=table)
        results.append(result)
    return results


result_sets = st.lists(changes(), min_size=1, max_size=5)


@settings(max_examples=60)
@given(result_sets)
def test_any_valid_results_give_every_table_and_the_page(
    make_result, tmp_path_factory, several
):
    results = made(make_result, several)

    data = gather(results, published_numbers())

    frame = tables_frame(data.tables)
    assert sorted(frame["mean"]) == pytest.approx(
        sorted(result.mean for result in results)
    )
    grids = [grid for more in data.grids.values() for grid in more]
    assert markdown(grids) is not None
    assert latex(grids).isascii()
    text = to_text(results)
    for result in results:
        # The interval adds up in another order, so a tie may be rounded the other way.
        interval = available_interval(result)
        mean = result.mean if interval is None else interval.mean
        assert f"{100 * mean:.2f}" in text
    page = write_page(
        Page(data.tables, data.grids),
        tmp_path_factory.mktemp("page") / "index.html",
    )
    assert page.read_text().count("<details data-") == len(results)


@settings(max_examples=4)
@given(result_sets)
def test_any_valid_results_give_a_report(make_result, tmp_path_factory, several):
    results = made(make_result, several)
    out = tmp_path_factory.mktemp("report")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Figure, "savefig", lambda self, _, **__: self.draw_without_rendering()
        )
        patch.setattr(saving, "_with_palette", bytes)
        paths = write_report(results, out, {}, {}, published=published_numbers())

    assert {
        "results.csv",
        "results.md",
        "results.tex",
        "index.html",
        "accuracy.png",
    } <= {path.name for path in paths}
    shutil.rmtree(out)


def leaves(document, path=()):
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, (*path, key))
    yield path


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=4,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_to_a_document_gives_a_sentence(make_result, tmp_path, data):
    path = save_result(make_result(n_episodes=3), tmp_path, overwrite=True)
    document = json.loads(path.read_text())
    *way, last = data.draw(st.sampled_from([p for p in leaves(document) if p]))
    place = document
    for key in way:
        place = place[key]
    if data.draw(st.booleans()):
        place[last] = data.draw(VALUES)
    else:
        del place[last]
    before = json.dumps(json.loads(path.read_text()))
    path.write_text(json.dumps(document))

    loaded = loads_or_refuses(tmp_path, path)
    assert not loaded or json.dumps(document) == before


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.floats(0, 0.999),
    byte=st.binary(min_size=1, max_size=3),
    suffix=st.booleans(),
)
def test_any_damage_to_a_file_gives_a_result_or_a_sentence(
    make_result, tmp_path, place, byte, suffix
):
    path = save_result(make_result(n_episodes=3), tmp_path, overwrite=True)
    damaged = path.with_suffix(".npz") if suffix else path
    content = bytearray(damaged.read_bytes())
    start = int(place * len(content))
    content[start : start + len(byte)] = byte
    damaged.write_bytes(content)

    loads_or_refuses(tmp_path, path)


def loads_or_refuses(folder, path):
    try:
        (result,) = load_results([folder])
    except ResultError as refusal:
        complaint = str(refusal)
    else:
        assert to_text([result])
        return True
    assert str(path.with_suffix("")) in complaint
    assert "expected" in complaint
    return False
