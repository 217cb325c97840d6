from fewbench.reports.groups import result_groups
from fewbench.reports.records import count_correct
from fewbench.reports.tables.accuracy import accuracy_tables, standings
from fewbench.reports.tables.frames import results_frame


def test_each_dataset_has_a_table_and_each_group_a_column(various_results):
    glyphs, omniglot = accuracy_tables(various_results)

    assert glyphs.header[4:] == [
        "glyphs-5w1s (group 1)",
        "glyphs-5w1s (group 2)",
        "glyphs-5w5s",
    ]
    assert [row.label.texts[0] for row in glyphs.rows] == [
        *(
            "centroid",
            "maml_higher",
            "protonet",
            "protonet",
            "protonet (2)",
            "protonet",
        ),
    ]
    assert omniglot.header[4:] == ["omniglot-20w1s"]


def test_training_seeds_sort_as_numbers(make_result):
    (table,) = accuracy_tables([make_result(train_seed=seed) for seed in (10, 9, 2)])

    assert [row.label.seeds for row in table.rows] == [(2,), (9,), (10,)]


def test_many_protocols_are_spread_over_tables_of_four(make_result):
    results = [
        make_result(name=f"glyphs-5w{shot}s", n_shot=shot) for shot in range(1, 10)
    ]

    assert [len(table.groups) for table in accuracy_tables(results)] == [4, 4, 1]


def test_a_significantly_worse_result_is_not_tied_even_where_intervals_overlap(
    make_result,
):
    """On the same episodes: the same mistakes and one or two more."""
    better = make_result(0.5, 1, n_episodes=50)
    predictions = better.predictions.copy()
    for k, row in enumerate(predictions):
        hits = [j for j in range(75) if row[j] == j // 15][: 1 + k % 2]
        row[hits] = (row[hits] + 1) % 5
    worse = make_result(
        learner="worse", n_episodes=50, predictions=predictions,
        correct=count_correct(predictions, 5), classes=better.classes,
    )  # fmt: skip

    frame = results_frame([better, worse])

    assert max(frame["low"]) < min(frame["high"])
    assert list(frame.sort_values("mean")["standing"]) == ["", "best"]


def test_all_results_with_the_highest_mean_are_best(make_result):
    one, same = (make_result(0.9, 1, learner=name) for name in ("one", "same"))
    worse = make_result(0.5, 2, learner="worse")
    (table,) = accuracy_tables([worse, one, same])

    cells = {row.label.learner: row.cells[0] for row in table.rows}
    standings = {name: cell.standing for name, cell in cells.items() if cell}
    assert standings == {"one": "best", "same": "best", "worse": ""}


def test_a_run_has_the_same_number_in_every_column(make_result):
    """Two runs look alike, and only the second was scored on the second protocol."""
    first, second = (make_result(0.9, k, checkpoint_sha256=f"{k}" * 64) for k in (1, 2))
    also = make_result(0.9, 3, name="glyphs-5w5s", n_shot=5, checkpoint_sha256="2" * 64)

    (table,) = accuracy_tables([first, second, also])

    assert [row.label.repeat for row in table.rows] == [1, 2]
    assert [[cell and cell.result for cell in row.cells] for row in table.rows] == [
        [first, None],
        [second, also],
    ]


def test_nothing_stands_out_alone_or_by_one_episode(make_result):
    (alone,) = result_groups([make_result()])
    (one_episode,) = result_groups(
        [make_result(p, k, n_episodes=1) for k, p in enumerate((0.2, 0.9))]
    )

    assert standings(alone) == [""]
    assert standings(one_episode) == ["", ""]
