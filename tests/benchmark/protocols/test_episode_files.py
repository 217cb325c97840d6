"""Episode files: read back to the same episodes, by anyone, and never half or changed."""

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols import episode_files
from fewbench.benchmark.protocols.catalogue import PROTOCOLS, find_protocol
from fewbench.benchmark.protocols.draw import Drawn, draw, draw_stream, protocol_spec
from fewbench.benchmark.protocols.episode_files import (
    _locate,
    content_sha256,
    draw_file,
    export_episodes,
    pack,
    read_episodes,
)
from fewbench.datasets.info import DataError
from fewbench.reports.groups import result_cards
from fewbench.reports.records import EvalProtocol
from fewbench_tests.fake_splits import fake_view
from fewbench_tests.paths import REPOSITORY

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("glyphs")


@pytest.fixture(scope="module")
def protocol() -> EvalProtocol:
    return find_protocol("glyphs-5w1s", n_episodes=60)


@pytest.fixture(scope="module")
def exported(root: Path, protocol: EvalProtocol) -> Path:
    path = root / "episodes.npz"
    export_episodes(protocol, root, path)
    return path


@pytest.mark.parametrize(
    "changes", [{}, {"task_rotations": True}, {"rotations": True}, {"disjoint": True}]
)
def test_a_file_is_read_back_to_identical_results(
    root: Path, protocol: EvalProtocol, tmp_path: Path, changes: dict[str, bool]
) -> None:
    if "disjoint" in changes:
        protocol = find_protocol("glyphs-5w1s", disjoint=True)
    else:
        protocol = replace(protocol, **changes)
    sha256 = export_episodes(protocol, root, tmp_path / "a.npz")
    assert export_episodes(protocol, root, tmp_path / "b.npz") == sha256
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()

    drawn, listed = (
        evaluate(Centroid(), one, root=root) for one in (protocol, tmp_path / "a.npz")
    )
    np.testing.assert_array_equal(drawn.predictions, listed.predictions)
    assert drawn.protocol == listed.protocol
    assert drawn.episodes_fingerprint == listed.episodes_fingerprint
    assert len(result_cards([drawn, listed])) == 1  # one column


def test_images_are_found_by_their_keys_in_any_order(
    exported: Path, root: Path
) -> None:
    """A file whose lists are in another order says the same."""
    with np.load(exported) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    rng = np.random.default_rng(0)
    n_classes = len(header["classes"])
    classes = rng.permutation(n_classes)
    images = np.stack([rng.permutation(20) for _ in range(n_classes)])
    header["classes"] = [
        [header["classes"][c][0], [header["classes"][c][1][i] for i in images[c]]]
        for c in classes
    ]
    class_at, image_at = np.argsort(classes), np.argsort(images, axis=1)
    arrays["images"] = image_at[arrays["classes"][:, :, None], arrays["images"]].astype(
        "<u2"
    )
    arrays["classes"] = class_at[arrays["classes"]].astype("<u2")
    shuffled = write(exported.with_name("shuffled.npz"), arrays, header)

    here, there = (
        draw_file(read_episodes(path), root) for path in (exported, shuffled)
    )
    assert here.fingerprint == there.fingerprint
    assert there.protocol == here.protocol


def test_a_list_of_ones_own_does_not_stand_under_the_protocols_name(
    exported: Path, root: Path
) -> None:
    with np.load(exported) as file:
        arrays = dict(file)
    arrays["images"] = arrays["images"][:, :, ::-1]
    path = write(exported.with_name("own.npz"), arrays)
    result = evaluate(Centroid(), path, root=root)
    assert (result.protocol.name, result.protocol.sampling) == (
        *("glyphs-5w1s-60ep-listed", "listed"),
    )


def test_the_readmes_script_reads_a_file_without_fewbench(
    exported: Path, tmp_path: Path
) -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```py\n(.*?)```", readme, re.DOTALL)
    assert len(script.splitlines()) <= 15
    assert "fewbench" not in script
    command = [sys.executable, "-c", script, str(exported)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    drawn = draw_file(read_episodes(exported), exported.parent)
    keys = [
        f"{label} {drawn.view.image_keys[index]}"
        for label in range(5)
        for index in [
            *drawn.episodes.support[0, label],
            *drawn.episodes.query[0, label],
        ]
    ]
    assert printed.splitlines() == keys

    with np.load(exported) as file:
        arrays = dict(file)
    arrays["classes"] = arrays["classes"][::-1]
    np.savez(tmp_path / "changed.npz", **arrays)
    command[-1] = str(tmp_path / "changed.npz")
    refused = subprocess.run(command, capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the file was changed" in refused.stderr


LARGEST = ["omniglot-20w5s", "miniimagenet-20w5s", "tieredimagenet-20w5s"]
SIZES = {
    "omniglot": [20] * 423,
    "miniimagenet": [600] * 20,
    "tieredimagenet": [1289] * 160,
}


@pytest.mark.parametrize("name", LARGEST)
def test_ten_thousand_episodes_stay_below_ten_megabytes(name: str) -> None:
    protocol = PROTOCOLS[name]
    view = fake_view(SIZES[protocol.dataset], rotations=protocol.rotations)
    drawn = Drawn(protocol, view, draw_stream(protocol, view, 0, 10_000))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **pack(drawn))  # pyright: ignore[reportArgumentType]
    assert len(buffer.getvalue()) < 10e6


def write(path: Path, arrays: Arrays, header: object = None) -> Path:
    """As if it had been written so: with its sha256."""
    if header is not None:
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    arrays["sha256"] = np.frombuffer(content_sha256(arrays).encode(), np.uint8)
    np.savez_compressed(path, **arrays)  # pyright: ignore[reportArgumentType]
    return path


def edit(**changes: object) -> Callable[[dict], None]:
    return lambda header: header.update(changes)


def first_name(header: dict, name: str) -> None:
    header["classes"][0][1][0] = name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit(schema_version=99), "written by a newer fewbench.*pip install --upgrade"),
        (edit(schema_version="1"), "not a list of episodes"),
        (edit(format="other"), "not a list of episodes"),
        (lambda header: header.pop("classes"), "header is not complete"),
        (edit(classes=7), "header is not complete"),
        (edit(classes=[]), "names a class or image that it does not list"),
        (
            lambda header: header["classes"].append(header["classes"][0]),
            "lists a class .* twice",
        ),
        (
            lambda header: first_name(header, header["classes"][0][1][1]),
            "an image twice",
        ),
        (
            lambda header: header["protocol"].update(n_way=1),
            "its protocol is none.*n_way",
        ),
        (
            lambda header: header["protocol"].update(dataset="glyph"),
            "Did you mean 'glyphs'",
        ),
        (lambda header: header["protocol"].update(split="dev"), "dev"),
        (
            lambda header: header["protocol"].update(n_episodes=61),
            r"is uint16 \(60, 5\)",
        ),
        (lambda header: header["classes"].pop(), "does not list"),
    ],
)
def test_a_wrong_header_gets_a_sentence(
    exported: Path,
    root: Path,
    tmp_path: Path,
    change: Callable[[dict], None],
    message: str,
) -> None:
    with np.load(exported) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    change(header)
    path = write(tmp_path / "e.npz", arrays, header)
    with pytest.raises(DataError, match=message):
        draw_file(read_episodes(path), root)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.update(images=a["images"].astype(np.int64)), "images is int64"),
        (lambda a: a.update(images=a["images"][:, :, :3]), "not uint16"),
        (
            lambda a: a.update(classes=np.zeros_like(a["classes"])),
            "a class or an image twice",
        ),
        (
            lambda a: a.update(images=np.zeros_like(a["images"])),
            "a class or an image twice",
        ),
        (lambda a: a.update(images=a["images"] + 100), "does not list"),
        (lambda a: a.update(header=np.zeros(9, np.uint8)), "header is not complete"),
        (
            lambda a: a.update(header=np.frombuffer(b"[" * 10**5, np.uint8)),
            "not complete",
        ),
        (lambda a: a.update(other=a["sha256"]), "it holds classes.npy"),
        (lambda a: a.pop("classes"), "it holds header.npy"),
        (lambda a: a.update(sha256=a["sha256"][::-1]), "its content was changed"),
        (lambda a: a["classes"].__setitem__((0, 0), 1), "its content was changed"),
    ],
)
def test_wrong_arrays_get_a_sentence(
    exported: Path, tmp_path: Path, change: Callable[[Arrays], None], message: str
) -> None:
    with np.load(exported) as file:
        arrays = dict(file)
    change(arrays)
    if "changed" in message or "classes" not in arrays:
        np.savez(tmp_path / "e.npz", **arrays)  # pyright: ignore[reportArgumentType]
    else:
        write(tmp_path / "e.npz", arrays)
    with pytest.raises(DataError, match=message):
        read_episodes(tmp_path / "e.npz")


def test_what_is_no_file_of_episodes_gets_a_sentence(
    exported: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        DataError, match="no such file. Write one: fewbench protocol export"
    ):
        read_episodes(tmp_path / "nowhere.npz")
    with pytest.raises(DataError, match="cannot be read"):
        read_episodes(tmp_path)
    path = tmp_path / "e.npz"
    path.write_bytes(b"")
    with pytest.raises(DataError, match="cannot be read"):
        read_episodes(path)
    np.savez(path, header=np.array([{}], dtype=object), classes=1, images=1, sha256=1)
    with pytest.raises(DataError, match="cannot be read"):  # a pickle: never run
        read_episodes(path)
    np.savez(path, header=1.5, classes=1, images=1, sha256=1)
    with pytest.raises(DataError):
        read_episodes(path)


def test_a_bomb_is_not_unpacked(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        episode_files, "_BYTES_LIMIT", 10_000
    )  # as if a bomb of a gibibyte
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("was unpacked"))
    with pytest.raises(DataError, match="more than a gibibyte"):
        read_episodes(exported)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "e.npz"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_corruption_gives_a_sentence_or_the_same_episodes(
    exported: Path, scratch: Path, data: st.DataObject
) -> None:
    content = bytearray(exported.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(
                st.integers(0, 255)
            )
    scratch.write_bytes(content)
    check(scratch, exported)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_corruption_within_the_archive_does_too(
    exported: Path, scratch: Path, data: st.DataObject
) -> None:
    """Past the checksums of the zip: the parser of .npy and ours."""
    with zipfile.ZipFile(exported) as archive:
        members = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    member = members[data.draw(st.sampled_from(sorted(members)))]
    place = data.draw(st.integers(0, min(len(member), 300) - 1))
    member[place : place + data.draw(st.integers(0, 3))] = data.draw(
        st.binary(max_size=4)
    )
    with zipfile.ZipFile(scratch, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, bytes(content))
    check(scratch, exported)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=6,
)


@given(
    st.sampled_from(["format", "protocol", "classes", "data_fingerprint"]), json_values
)
@settings(max_examples=80, deadline=None)
def test_any_json_in_the_header_gives_a_sentence(
    exported: Path, root: Path, scratch: Path, field: str, value: object
) -> None:
    with np.load(exported) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    if field == "protocol" and isinstance(value, dict):
        value = header["protocol"] | value
    header[field] = value
    write(scratch, arrays, header)
    said = refusal(lambda: draw_file(read_episodes(scratch), root))
    assert said is None or str(scratch) in said or "unknown dataset" in said


def refusal(action: Callable[[], object]) -> str | None:
    """What it was refused with; anything but a DataError goes through."""
    try:
        action()
    except DataError as error:
        return str(error)
    return None


def check(scratch: Path, exported: Path) -> None:
    said = refusal(lambda: read_episodes(scratch))
    if said is not None:
        assert said.startswith(str(scratch))
        return
    read, original = read_episodes(scratch), read_episodes(exported)
    np.testing.assert_array_equal(read.images, original.images)
    np.testing.assert_array_equal(read.classes, original.classes)
    assert read.class_images == original.class_images
    assert read.protocol == original.protocol


def test_a_file_for_another_build_names_the_image_that_is_missing(
    exported: Path, protocol: EvalProtocol
) -> None:
    file = read_episodes(exported)
    with pytest.raises(
        DataError, match=r"another build of glyphs: .* has no '.*--dataset"
    ):
        _locate(file, fake_view([20] * 117))


def test_a_killed_export_leaves_no_file(
    root: Path, protocol: EvalProtocol, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        export_episodes(protocol, root, tmp_path / "e.npz")
    assert list(tmp_path.iterdir()) == []


def test_the_header_holds_the_card_and_both_fingerprints(
    exported: Path, root: Path, protocol: EvalProtocol
) -> None:
    with np.load(exported) as file:
        header = json.loads(file["header"].tobytes())
    drawn = draw(protocol, root)
    assert header["protocol"] == asdict(protocol)  # pyright: ignore[reportArgumentType]
    assert header["episodes_fingerprint"] == drawn.fingerprint
    assert header["data_fingerprint"] == drawn.view.fingerprint
    assert protocol_spec(protocol).images_per_class == 16
