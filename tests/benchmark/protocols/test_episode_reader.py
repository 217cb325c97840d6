"""Episode files that are damaged, edited or hostile get a sentence, and nothing else happens."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.benchmark.protocols import episode_reader
from fewbench.benchmark.protocols.episode_images import stream_of_file
from fewbench.benchmark.protocols.episode_reader import read_episodes
from fewbench.datasets.info import DataError
from fewbench_tests.episode_arrays import Arrays, read_arrays, write_arrays


def edit(**changes: object) -> Callable[[dict], None]:
    return lambda header: header.update(changes)


def first_name(header: dict, name: str) -> None:
    header["classes"][0][1][0] = name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit(schema_version=99), "written by a newer version.*pip install --upgrade"),
        (edit(schema_version="1"), "schema_version: expected"),
        (edit(format="other"), "format: expected"),
        (lambda header: header.pop("classes"), "header is not valid"),
        (edit(classes=7), "header is not valid"),
        (edit(classes=[]), "a class or an image that the header does not list"),
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
            "header is not valid.*protocol.n_way",
        ),
        (
            lambda header: header["protocol"].update(dataset="glyph"),
            "Did you mean 'glyphs'",
        ),
        (lambda header: header["protocol"].update(split="dev"), "dev"),
        (
            lambda header: header["protocol"].update(n_episodes=61),
            r"expected uint16 \(61, 5\), got uint16 \(60, 5\)",
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
    arrays, header = read_arrays(exported)
    change(header)
    path = write_arrays(tmp_path / "e.npz", arrays, header)
    with pytest.raises(DataError, match=message):
        stream_of_file(read_episodes(path), root)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a: a.update(images=a["images"].astype(np.int64)),
            "images: expected uint16 .* got int64",
        ),
        (lambda a: a.update(images=a["images"][:, :, :3]), "images: expected uint16"),
        (
            lambda a: a.update(classes=np.zeros_like(a["classes"])),
            "a class or an image twice",
        ),
        (
            lambda a: a.update(images=np.zeros_like(a["images"])),
            "a class or an image twice",
        ),
        (lambda a: a.update(images=a["images"] + 100), "does not list"),
        (lambda a: a.update(header=np.zeros(9, np.uint8)), "header is not valid"),
        (
            lambda a: a.update(header=np.frombuffer(b"[" * 10**5, np.uint8)),
            "nested too deeply",
        ),
        (lambda a: a.update(other=a["sha256"]), "it holds .*other.npy"),
        (lambda a: a.pop("classes"), "it holds .*not .*classes.npy"),
        (lambda a: a.update(sha256=a["sha256"][::-1]), "its content was changed"),
        (lambda a: a["classes"].__setitem__((0, 0), 1), "its content was changed"),
    ],
)
def test_wrong_arrays_get_a_sentence(
    exported: Path, tmp_path: Path, change: Callable[[Arrays], None], message: str
) -> None:
    arrays, _ = read_arrays(exported)
    change(arrays)
    if "changed" in message or "classes" not in arrays:
        np.savez(tmp_path / "e.npz", **arrays)  # pyright: ignore[reportArgumentType]
    else:
        write_arrays(tmp_path / "e.npz", arrays)
    with pytest.raises(DataError, match=message):
        read_episodes(tmp_path / "e.npz")


def test_what_is_no_file_of_episodes_gets_a_sentence(
    exported: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        DataError,
        match="no such file. To write an episode file: fewbench protocol export",
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
    # As if the file held more than a gibibyte.
    monkeypatch.setattr(episode_reader, "BYTES_LIMIT", 10_000)
    monkeypatch.setattr(
        episode_reader, "read_arrays", lambda *_: pytest.fail("was unpacked")
    )
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
    arrays, header = read_arrays(exported)
    if field == "protocol" and isinstance(value, dict):
        value = header["protocol"] | value
    header[field] = value
    write_arrays(scratch, arrays, header)
    said = refusal(lambda: stream_of_file(read_episodes(scratch), root))
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
