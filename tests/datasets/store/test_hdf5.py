"""HDF5 files are opened and read without trusting them."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from fewbench.datasets.info import DataError
from fewbench.datasets.store.hdf5 import (
    fixed_length,
    open_for_reading,
    open_for_writing,
    own_dataset,
    read_names,
    read_values,
)


def test_names_come_back_as_they_were_written(tmp_path: Path) -> None:
    names = ("a", "", "\u00e4\u4e2d", "\udcff not UTF-8")
    path = tmp_path / "names.h5"
    with open_for_writing(path, "w") as file:
        file["names"] = fixed_length(names)
        file["none"] = fixed_length(())
    with open_for_reading(path) as file:
        assert read_names(path, file, "names") == names
        assert read_names(path, file, "none") == ()
        assert not own_dataset(path, file, "names", advice="").dtype.hasobject


def test_values_of_varying_length_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "heap.h5"
    with h5py.File(path, "w") as file:
        file["names"] = ["a", "bc"]
    with (
        pytest.raises(DataError, match="'names' has values of varying length"),
        open_for_reading(path) as file,
    ):
        read_values(path, file, "names")


@pytest.mark.parametrize("name", ["soft", "group", "missing"])
def test_links_and_groups_are_no_datasets(tmp_path: Path, name: str) -> None:
    path = tmp_path / "links.h5"
    with h5py.File(path, "w") as file:
        file["real"] = np.arange(3)
        file["soft"] = h5py.SoftLink("/real")
        file.create_group("group")
        assert own_dataset(path, file, "real", advice="")[:].tolist() == [0, 1, 2]
        with pytest.raises(DataError, match=f"'{name}' is missing or stored.*Advice."):
            own_dataset(path, file, name, advice="Advice.")


def test_a_missing_file_and_a_damaged_one_get_different_advice(tmp_path: Path) -> None:
    missing = tmp_path / "bars" / "test.h5"
    with (
        pytest.raises(DataError, match="fewbench data list"),
        open_for_reading(missing),
    ):
        pass
    missing.parent.mkdir()
    missing.write_bytes(b"\x89HDF\r\n\x1a\n")
    with (
        pytest.raises(DataError, match="fewbench data build bars --rebuild"),
        open_for_reading(missing),
    ):
        pass


def test_a_file_that_is_removed_while_it_is_read_is_not_called_damaged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "names.h5"
    with open_for_writing(path, "w") as file:
        file["names"] = fixed_length(("a",))
    reading = open_for_reading(path)
    reading.__enter__()
    path.unlink()
    what = OSError("can't retrieve stat info for file")
    with pytest.raises(DataError, match="was replaced or changed.*Run the command"):
        reading.__exit__(OSError, what, None)


def test_a_signal_within_the_library_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "names.h5"
    with open_for_writing(path, "w") as file:
        file["names"] = fixed_length(("a",))
    with pytest.raises(KeyboardInterrupt), open_for_reading(path):
        raise SystemError("returned a result with an exception set") from (
            KeyboardInterrupt()
        )


def test_errors_of_writing_say_what_the_system_says(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No such file or directory"),
        open_for_writing(tmp_path / "no folder" / "x.h5", "w"),
    ):
        pass
