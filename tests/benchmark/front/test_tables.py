import fewbench


def test_protocols_and_published_numbers_are_tables() -> None:
    protocols = fewbench.protocols()
    assert protocols.loc["glyphs-5w1s", "n_way"] == 5

    published = fewbench.published()
    assert published.index.is_unique
    assert published["accuracy"].between(0, 100).all()
    assert published["source"].str.len().gt(0).all()
