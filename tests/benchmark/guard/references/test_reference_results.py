import numpy as np
import pytest

from fewbench.errors import UserError
from fewbench_tests.guarded import made, store


def test_the_result_is_that_of_the_first_run(tmp_path) -> None:
    result = made()
    stored = store(tmp_path, result)

    assert np.array_equal(stored.result().predictions, result.predictions)
    assert stored.ten_times_correct() is None


def test_another_result_in_its_place_is_refused(tmp_path) -> None:
    one = store(tmp_path / "one", made(rng_seed=1))
    other = store(tmp_path / "other", made(rng_seed=2))
    for path in other.folder.glob("*__*__*"):
        (one.folder / path.name).write_bytes(path.read_bytes())

    with pytest.raises(UserError, match="not the result of this reference"):
        one.result()


def test_a_missing_result_is_refused(tmp_path) -> None:
    stored = store(tmp_path, made())
    next(stored.folder.glob("*.npz")).unlink()

    with pytest.raises(UserError, match="the arrays are missing") as error:
        stored.result()
    assert f"git checkout -- {stored.folder}; or make" in str(error.value)
    assert "fewbench evaluate" not in str(error.value)


def test_ten_times_the_episodes_are_kept(tmp_path) -> None:
    many = made(n_episodes=400, name="glyphs-5w1s-400ep")
    stored = store(tmp_path, made(), ten_times=many)
    path = stored.folder / "ten_times.npz"

    found = stored.ten_times_correct()

    assert found is not None
    assert np.array_equal(found, many.correct)
    for data in (b"", path.read_bytes()[:50]):
        path.write_bytes(data)
        with pytest.raises(UserError, match="ten times the episodes"):
            stored.ten_times_correct()
    np.savez(path, correct=many.correct[::-1])
    with pytest.raises(UserError, match="other numbers"):
        stored.ten_times_correct()
