import json


def test_recipes_are_listed_with_the_backends_that_run_them(run) -> None:
    listed = json.loads(run("recipes", "--json").stdout)["recipes"]
    assert listed["maml-omniglot"]["inner_lr"] == 2.0
    assert listed["protonet-glyphs"]["backends"] == ["native", "learn2learn"]
    assert "maml-miniimagenet" in listed
    text = run("recipes").stdout
    assert text.startswith("recipe ")
    (line,) = [line for line in text.splitlines() if line.startswith("maml-glyphs ")]
    assert line.split()[3:6] == ["conv4-strided-32", "5-way", "1-shot"]
