from fewbench.benchmark.protocols.presets import FIVE_SHOT, Paper

PAPER = Paper(
    name="doe2020",
    dataset="leaves",
    paper="Doe: Leaves",
    shapes=((5, 1), (20, 5)),
    fields={"n_query": 15, "n_episodes": 600},
    by_shape={(20, 5): {"n_query": 5}},
    sources={"n_query": "paper, section 1"},
    departures=("Pixels: grey.", FIVE_SHOT),
)


def test_a_paper_has_one_protocol_for_each_shape() -> None:
    one, five = PAPER.presets()

    assert one.protocol.name == "doe2020-leaves-5w1s"
    assert five.protocol.name == "doe2020-leaves-20w5s"
    assert (one.protocol.n_query, five.protocol.n_query) == (15, 5)
    assert (one.protocol.n_episodes, five.protocol.n_episodes) == (600, 600)
    assert one.sources == {"n_query": "paper, section 1"}


def test_only_five_shot_protocols_keep_the_remark_about_five_shots() -> None:
    one, five = PAPER.presets()

    assert FIVE_SHOT not in one.departures
    assert FIVE_SHOT in five.departures
    for preset in (one, five):
        assert preset.departures[0] == "Pixels: grey."
        assert "stream of seed 0" in preset.departures[-1]
