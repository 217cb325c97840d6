"""The cache of features: bounded, and careful with what others use or wrote."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewbench.benchmark.feature_cache import (
    MARK,
    FeatureCache,
    in_words,
    size_of,
    use_as_long_as,
)
from fewbench.errors import UserError
from fewbench_tests.stored import embed_here

IDS = [letter * 64 for letter in "abcd"]


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "features", limit=1000)


def make(cache: FeatureCache, entry_id: str, n_bytes: int, days: int = 0) -> Path:
    """An entry of this size, which was not used for some days."""
    folder = cache.entry_folder(entry_id)
    path = folder / "features" / "ab" / f"{'ab' * 32}.npy"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(n_bytes))
    with cache.using(folder):
        pass
    seconds = (folder / MARK).stat().st_mtime - days * 86400
    os.utime(folder / MARK, (seconds, seconds))
    return folder


def test_what_was_not_used_longest_goes_first(cache: FeatureCache) -> None:
    for number, entry_id in enumerate(IDS[:3]):
        make(cache, entry_id, 300, days=10 - number)
    assert [entry.id for entry in cache.entries()] == IDS[:3]
    assert cache.make_room("e" * 64, 100) == []
    removed = cache.make_room("e" * 64, 500)
    assert [entry.id for entry in removed] == IDS[:2]
    assert [entry.id for entry in cache.entries()] == IDS[2:3]
    assert not cache.entry_folder(IDS[0]).exists()
    # The entry itself is in nobody's way.
    assert cache.make_room(IDS[2], 1000) == []


def test_using_an_entry_makes_it_the_last_to_go(cache: FeatureCache) -> None:
    first = make(cache, IDS[0], 1, days=9)
    make(cache, IDS[1], 1, days=5)
    with cache.using(first):
        pass
    assert [entry.id for entry in cache.entries()] == [IDS[1], IDS[0]]


def test_what_is_too_large_is_refused_before_anything_is_removed(
    cache: FeatureCache,
) -> None:
    make(cache, IDS[0], 300)
    with pytest.raises(UserError, match=r"at most 1 kB, got 1.2 kB.*--out") as refused:
        cache.make_room(IDS[1], 1200)
    assert "FEWBENCH_CACHE_LIMIT=1GB" in str(refused.value)
    assert len(cache.entries()) == 1


def test_an_entry_in_use_stays(cache: FeatureCache) -> None:
    folder = make(cache, IDS[0], 600, days=3)
    make(cache, IDS[1], 300)
    with cache.using(folder):
        (entry, _) = sorted(cache.entries(), key=lambda one: one.id)
        assert entry.is_in_use
        assert not cache.remove(entry)
        with pytest.raises(UserError, match="the cache is full"):
            cache.make_room(IDS[2], 900)
        assert len(cache.entries()) == 2
    assert not entry.is_in_use
    cache.make_room(IDS[2], 900)
    assert cache.entries() == []


def test_a_process_that_was_killed_uses_nothing(cache: FeatureCache) -> None:
    folder = make(cache, IDS[0], 600)
    lock = folder / "in-use" / f"1-{'0' * 32}"
    lock.parent.mkdir()
    program = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from fewbench.locks import exclusive\n"
        f"with exclusive(Path({str(lock)!r}), 'reading'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=60)
    assert ended.returncode == -9
    assert len(list((folder / "in-use").iterdir())) == 1
    (entry,) = cache.entries()
    assert not entry.is_in_use
    assert cache.remove(entry)
    assert not folder.exists()


def test_files_of_others_are_never_removed(cache: FeatureCache) -> None:
    folder = make(cache, IDS[0], 10)
    mine = folder / "features" / "notes.txt"
    mine.write_text("mine")
    (folder / "features" / "ab" / "mine.npy").write_text("mine")
    outside = cache.folder / "thesis"
    outside.mkdir()
    (outside / MARK).write_text("")
    unmarked = cache.folder / IDS[1]
    unmarked.mkdir()
    linked = cache.folder / IDS[2]
    linked.symlink_to(outside)
    (entry,) = cache.entries()
    cache.remove(entry)
    assert mine.read_text() == "mine"
    assert (folder / "features" / "ab" / "mine.npy").exists()
    assert not (folder / MARK).exists()
    assert not list(folder.rglob("abab*.npy"))
    assert (outside / MARK).exists()
    assert unmarked.exists()


def test_all_files_of_an_embedding_are_removed(
    cache: FeatureCache, glyphs_root: Path
) -> None:
    folder = cache.entry_folder(IDS[0])
    embed_here(folder, glyphs_root)
    with cache.using(folder):
        pass
    (entry,) = cache.entries()
    assert entry.file is not None
    assert entry.n_bytes > 1120 * 784
    assert cache.remove(entry)
    assert not folder.exists()


def test_folders_elsewhere_are_not_marked(cache: FeatureCache, tmp_path: Path) -> None:
    with cache.using(tmp_path / "mine"):
        assert not (tmp_path / "mine").exists()


def test_a_reader_keeps_its_entry_as_long_as_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEWBENCH_CACHE", str(tmp_path))
    cache = FeatureCache.of_user()
    folder = make(cache, IDS[0], 10)

    class Reader:
        pass

    reader = Reader()
    use_as_long_as(reader, folder)
    (entry,) = cache.entries()
    assert entry.is_in_use
    del reader
    assert not entry.is_in_use


def test_the_place_and_the_limit_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEWBENCH_CACHE", "/somewhere")
    monkeypatch.delenv("FEWBENCH_CACHE_LIMIT", raising=False)
    cache = FeatureCache.of_user()
    assert (cache.folder, cache.limit) == (Path("/somewhere/features"), 20 * 10**9)
    monkeypatch.setenv("FEWBENCH_CACHE_LIMIT", "much")
    with pytest.raises(UserError, match="expected a size such as 20GB, got 'much'"):
        FeatureCache.of_user()


@pytest.mark.parametrize(
    ("text", "size"),
    [("20 GB", 2 * 10**10), ("1.5mb", 1_500_000), ("300", 300), ("2T", 2 * 10**12)],
)
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size


def test_sizes_in_words() -> None:
    assert in_words(0) == "0 bytes"
    assert in_words(1_840_000) == "1.84 MB"
    assert in_words(5 * 10**15) == "5e+03 TB"
