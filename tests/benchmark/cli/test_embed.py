"""embed as a user meets it: once for many protocols, and again after a kill."""

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from fewbench_tests.running import Running
from fewbench_tests.stored import write_encoder

HERE = ("--split", "val", "--threads", "1")
EMBED = ("embed", "centroid", "--dataset", "glyphs", *HERE)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FEWBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_several_protocols_are_evaluated_after_the_model_is_gone(
    run, tmp_path: Path
) -> None:
    module = write_encoder(tmp_path)
    what = f"{module}:encoder"
    options = ("--split", "val", "--episodes", "200", "--json")
    protocols = ("--protocol", "glyphs-5w1s", "--protocol", "glyphs-5w5s")
    done = run(
        "embed", what, "--dataset", "glyphs", *HERE, "--out", "f", "--transform",
        f"{module}:crop", "--std", "0.5", "--images-per-task", "500", "--workers", "1",
    )  # fmt: skip
    assert "embedded 1,120 images of glyphs val with Sequential" in done.stdout
    assert "fewbench evaluate features:f --protocol NAME --out DIR" in done.stdout
    run(
        "evaluate", what, *protocols, *options, "--out", "direct", "--transform",
        f"{module}:crop", "--std", "0.5",
    )  # fmt: skip
    (tmp_path / f"{module}.py").unlink()
    run("evaluate", "features:f", *protocols, *options, "--out", "stored")
    for path in sorted((tmp_path / "direct").glob("*.json")):
        one = json.loads(path.read_text())
        other = json.loads((tmp_path / "stored" / path.name).read_text())
        assert one["content"] == other["content"]
    assert len(list((tmp_path / "stored").glob("*.json"))) == 2


def test_a_second_embedding_of_the_same_returns_at_once(run, cache: Path) -> None:
    first = json.loads(run(*EMBED, "--json").stdout)
    assert first["new"]
    assert Path(first["folder"]) == cache / "features" / first["id"]
    times = {path: path.stat().st_mtime_ns for path in cache.rglob("*.npy")}
    second = json.loads(run(*EMBED, "--json").stdout)
    assert second == first | {"new": False}
    assert times == {path: path.stat().st_mtime_ns for path in cache.rglob("*.npy")}
    again = run(*EMBED).stdout
    assert "embedded before: 1,120 images of glyphs val" in again


def test_what_is_larger_than_the_cache_is_refused(
    run, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEWBENCH_CACHE_LIMIT", "100kB")
    refused = run(*EMBED, code=2).stderr
    assert (
        "larger than the cache may be: expected at most 100 kB, got 878 kB" in refused
    )
    assert "--out" in refused
    assert not list(cache.rglob("*.npy"))
    run(*EMBED, "--out", "f")


def test_an_embedding_that_was_killed_goes_on(
    run, tmp_path: Path, glyphs_root: Path
) -> None:
    module = write_encoder(tmp_path)
    slow = f"""
import os
import time
from {module} import encoder as fast

def encoder():
    module = fast()
    seconds = float(os.environ.get("SECONDS_OF_A_BATCH", 0))
    module.register_forward_hook(lambda *_: time.sleep(seconds))
    return module
"""
    (tmp_path / f"slow_{module}.py").write_text(slow)
    command = [
        "embed", f"slow_{module}:encoder", "--dataset", "glyphs", *HERE, "--workers",
        "1", "--images-per-task", "1", "--out",
    ]  # fmt: skip
    environment = {
        "FEWBENCH_DATA": str(glyphs_root),
        "OMP_NUM_THREADS": "1",
        "SECONDS_OF_A_BATCH": "0.2",
    }
    running = Running([*command, "f"], tmp_path, environment, forked=True)
    deadline = time.monotonic() + 100
    while not list((tmp_path / "f" / "features").rglob("*.npy")):
        assert time.monotonic() < deadline, running.said()
        time.sleep(0.05)
    running.send(signal.SIGKILL, to_group=True)
    assert running.code(10) == -signal.SIGKILL
    before = list((tmp_path / "f" / "features").rglob("*.npy"))
    assert not (tmp_path / "f" / "features.json").exists()
    times = {path: path.stat().st_mtime_ns for path in before}
    run(*command, "f")
    assert times == {path: path.stat().st_mtime_ns for path in before}
    run(*command, "g")
    names = sorted(path.name for path in (tmp_path / "f" / "features").rglob("*.npy"))
    assert len(names) == 9
    for path in (tmp_path / "f" / "features").rglob("*.npy"):
        other = tmp_path / "g" / path.relative_to(tmp_path / "f")
        assert path.read_bytes() == other.read_bytes()
        assert np.load(path).dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("embed", "centroid"), "Type for example: fewbench embed"),
        (("embed", "centroid", "--dataset", "glyps"), "glyphs"),
        ((*EMBED, "--split", "dev"), "has no split 'dev'"),
        ((*EMBED, "--mean", "x"), "expected one number"),
        ((*EMBED, "--device", "tpu"), "tpu"),
        (("embed", "nothing:here", "--dataset", "glyphs"), "cannot import nothing"),
    ],
)
def test_mistakes_are_answered_on_one_line(run, arguments: tuple, said: str) -> None:
    done = run(*arguments, code=2)
    assert said in " ".join(done.stderr.split())
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
