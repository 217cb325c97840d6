from dataclasses import replace
from pathlib import Path

from fewbench.benchmark.episodes import find_episodes
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.episode_files import export_episodes
from fewbench.benchmark.stopping import StopRule


def test_a_name_a_protocol_and_a_stream_name_the_same_episodes(
    glyphs_root: Path,
) -> None:
    protocol = find_protocol("glyphs-5w1s")
    by_name = find_episodes("glyphs-5w1s", glyphs_root)
    assert by_name.protocol == protocol
    for other in (protocol, by_name):
        found = find_episodes(other, glyphs_root)
        assert found.fingerprint == by_name.fingerprint


def test_a_rule_that_stops_early_shows_in_the_protocol(glyphs_root: Path) -> None:
    stop = StopRule(0.05, 400)
    stream = find_episodes("glyphs-5w1s", glyphs_root, stop)
    assert stream.protocol == stop.protocol(find_protocol("glyphs-5w1s"))


def test_a_changed_protocol_does_not_keep_its_name(glyphs_root: Path) -> None:
    protocol = replace(find_protocol("glyphs-5w1s"), seed=7)
    stream = find_episodes(protocol, glyphs_root)
    assert stream.protocol.name == "glyphs-5w1s-seed7"


def test_an_episode_file_holds_the_same_episodes(
    glyphs_root: Path, tmp_path: Path
) -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=20)
    file = tmp_path / "episodes.npz"
    export_episodes(protocol, glyphs_root, file)
    listed = find_episodes(file, glyphs_root)
    drawn = find_episodes(protocol, glyphs_root)
    assert listed.fingerprint == drawn.fingerprint
