import pytest

from fewbench.benchmark.published_numbers import parse_published, published_numbers
from fewbench.reports.records import ResultError

HEADER = (
    "id,method,variant,reference,dataset,split,way,shot,query,accuracy,transductive,"
    "backbone,source,url,left_out"
)
LINE = "x,M,v,yes,omniglot,vinyals,5,1,,98.5,unknown,conv4-64,A 2020,https://x.org,"


def test_an_empty_value_and_unknown_are_what_the_source_does_not_say() -> None:
    (number,) = parse_published(f"{HEADER}\n{LINE}\n")
    assert (number.id, number.accuracy) == ("x", 98.5)
    assert number.query is None
    assert number.transductive is None


def test_the_line_that_is_not_valid_is_named() -> None:
    wrong = LINE.replace("98.5", "high")
    with pytest.raises(ResultError, match="line 3: accuracy"):
        parse_published(f"{HEADER}\n{LINE}\n{wrong}\n")
    with pytest.raises(ResultError, match="line 2: surplus"):
        parse_published(f"{HEADER}\n{LINE},more\n")


def test_the_file_is_read_once() -> None:
    assert published_numbers() is published_numbers()
    assert len(published_numbers()) > 200


def test_the_split_of_our_dataset_is_added() -> None:
    ours = {one.dataset: one.our_split for one in published_numbers()}
    assert ours == {
        "omniglot": "vinyals",
        "miniimagenet": "ravi",
        "tieredimagenet": "ren",
    }
    (strange,) = parse_published(f"{HEADER}\n{LINE.replace('omniglot', 'leaves')}\n")
    assert strange.our_split == ""
