"""What is wrong with a pickle becomes an error with its place and an advice."""

from fewbench.datasets.pickles.errors import Forbidden, Unexpected
from fewbench.datasets.pickles.payloads import PickleFile
from fewbench_tests.pickled import ranged


def test_the_refusal_names_the_place_and_the_facts() -> None:
    with ranged(b"") as data:
        file = PickleFile(data, None)
        damaged = file.refusal(1234, Unexpected(expected="a list", got="none"))
        harmful = file.refusal(5, Forbidden(expected="an array", got="os.system"))

    assert str(damaged) == (
        "cache.pkl: cannot read the pickle at byte 1,234: expected a list, got none. "
        "The file is damaged or incomplete. Download it again."
    )
    assert "got os.system. A pickle may run code" in str(harmful)
