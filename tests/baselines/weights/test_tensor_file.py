"""Files of strangers: each damaged or hostile one is refused by name, and no code in it runs."""

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.weights import tensor_file
from fewbench.baselines.weights.tensor_file import read_tensor_file
from fewbench_tests import foreign_weights as foreign

STATE = foreign.trained_state()


class _Runs:
    """A pickle of it would create a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def _bytes_of(save: Callable[[foreign.State, Path], Path], path: Path) -> bytes:
    return save(STATE, path).read_bytes()


def _half(save: Callable[[foreign.State, Path], Path]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        whole = _bytes_of(save, path)
        path.write_bytes(whole[: len(whole) // 2])

    return write


def _arrays(state: foreign.State, path: Path) -> Path:
    return foreign.save_npz(foreign.arrays_of(state), path)


def _huge_header(path: Path) -> None:
    path.write_bytes(struct.pack("<Q", 1 << 62) + b'{"a":1}')


def _lying_header(path: Path) -> None:
    text = b'{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}'
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(64))


def _virtual_tensor(path: Path) -> None:
    torch.save({"weight": torch.zeros(1).expand(10**9)}, path)


def _npy_of_a_billion(path: Path) -> None:
    member = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**18,)}
    np.lib.format.write_array_header_1_0(member, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weight.npy", member.getvalue() + bytes(8))


def _objects(path: Path) -> None:
    foreign.save_npz({"weight": np.array([{}, None])}, path)


def _texts(path: Path) -> None:
    foreign.save_npz({"name": np.array(["a", "b"])}, path)


def _sparse(path: Path) -> None:
    torch.save({"weight": torch.eye(3).to_sparse()}, path)


def _page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html>Sign in</html>")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "half a safetensors file": (_half(foreign.save_safetensors), "damaged"),
    "half a torch file": (_half(foreign.save_torch), "damaged"),
    "half a legacy file": (_half(foreign.save_legacy), "is damaged"),
    "half an npz": (_half(_arrays), "damaged"),
    "a huge header": (_huge_header, "damaged"),
    "a header that lies": (_lying_header, "damaged"),
    "a tensor of 1e9 zeros in 4 bytes": (_virtual_tensor, "weight: expected dense"),
    "an array of 1e18": (_npy_of_a_billion, "damaged"),
    "an array of objects": (_objects, "damaged"),
    "an array of texts": (_texts, "name: expected an array of numbers"),
    "a sparse tensor": (_sparse, "weight: expected dense|damaged"),
    "a web page": (_page, "unknown format"),
    "an empty file": (_empty, "unknown format"),
    "a folder": (Path.mkdir, "no such file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(name: str, tmp_path: Path) -> None:
    write, words = REFUSED[name]
    path = tmp_path / "weights.bin"
    write(path)

    with pytest.raises(BaselineError, match=words) as caught:
        read_tensor_file(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_zip_is_unpacked_only_after_its_size_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensor_file, "MOST_BYTES", 1 << 20)
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weight.npy", bytes((1 << 20) + 1))
    assert path.stat().st_size < 2000

    with pytest.raises(BaselineError, match="1,048,577 in 1 members"):
        read_tensor_file(path)
    path.write_bytes(b"PK\x03\x04" + bytes(1 << 20))
    with pytest.raises(BaselineError, match="too large: expected at most 1,048,576"):
        read_tensor_file(path)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_never_runs(protocol: int, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = tmp_path / "weights.pt"
    path.write_bytes(pickle.dumps(_Runs(ran), protocol=protocol))
    with pytest.raises(BaselineError):
        read_tensor_file(path)
    torch.save({"weight": torch.zeros(2), "extra": _Runs(ran)}, path)
    with pytest.raises(BaselineError, match="without running code"):
        read_tensor_file(path)

    assert not ran.exists()


def test_only_formats_with_an_order_say_that_they_keep_it(tmp_path: Path) -> None:
    kept = read_tensor_file(foreign.save_torch(STATE, tmp_path / "a"))
    arrays = read_tensor_file(_arrays(STATE, tmp_path / "b"))
    sorted_names = read_tensor_file(foreign.save_safetensors(STATE, tmp_path / "c"))

    assert list(kept.tensors) == list(arrays.tensors) == list(STATE)
    assert (kept.keeps_order, arrays.keeps_order) == (True, True)
    assert not sorted_names.keeps_order
