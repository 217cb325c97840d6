import csv
import io

from fewbench.reports.stats.intervals import episodes_t
from fewbench.reports.tables.accuracy import accuracy_tables
from fewbench.reports.tables.frames import (
    naming_columns,
    results_frame,
    write_csv,
)
from fewbench.reports.tables.printed import to_text


def test_the_frame_holds_every_result_unrounded(various_results):
    frame = results_frame(various_results)

    assert len(frame) == len(various_results)
    assert set(frame["n"]) == {40, 30}
    row = frame[frame["learner"] == "maml_higher"].iloc[0]
    interval = episodes_t(various_results[3].accuracies)
    assert (row["mean"], row["half_width"]) == (interval.mean, interval.half_width)
    assert (row["level"], row["kind"], row["n_episodes"]) == (0.95, "episodes-t", 40)
    assert (row["transductive"], row["partial"]) == (True, False)


def test_the_csv_gives_back_the_same_numbers(various_results, tmp_path):
    path = write_csv(results_frame(various_results), tmp_path / "results.csv")

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    frame = results_frame(various_results)
    for column in ("mean", "half_width", "low", "high"):
        assert [float(row[column]) for row in rows] == frame[column].tolist()
    for column in ("backbone", "card", "data_fingerprint"):
        assert [row[column] for row in rows] == frame[column].tolist()
    assert b"\r" not in path.read_bytes()


def test_the_csv_of_one_result_has_a_header(make_result, tmp_path):
    path = write_csv(results_frame([make_result()]), tmp_path / "deep" / "results.csv")

    header, row = io.StringIO(path.read_text()).readlines()
    assert header.startswith("result,dataset,split,protocol,card,")
    assert row.startswith(
        "glyphs-5w1s__protonet__seed0,glyphs,test,glyphs-5w1s,glyphs-5w1s,"
    )


def test_no_results_give_an_empty_frame_and_no_tables():
    assert results_frame([]).empty
    assert accuracy_tables([]) == []
    assert to_text([]) == ""


def test_a_result_without_an_interval_keeps_its_mean_kind_and_n(make_result):
    result = make_result(n_episodes=1)

    row = results_frame([result]).iloc[0]

    assert row["mean"] == result.mean
    assert row[["low", "high", "half_width", "level"]].isna().all()
    assert (row["kind"], row["n"]) == ("episodes-t", 1)


def test_the_naming_columns_say_which_result_a_row_is_about(make_result):
    assert naming_columns(make_result(train_seed=3)) == {
        "result": "glyphs-5w1s__protonet__seed3",
        "learner": "protonet",
        "backbone": "conv4-64",
        "precision": "fp32",
        "train_seed": 3,
    }
