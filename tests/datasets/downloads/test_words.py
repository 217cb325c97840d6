from fewbench.datasets.downloads.words import describe_page, status_reason
from fewbench_tests.downloads import PAGE


def test_page_is_described_by_its_title() -> None:
    assert 'titled "Drive & Co: quota"' in describe_page(PAGE)
    assert describe_page(b"<html>").startswith("a web page in place of the archive:")


def test_status_has_its_number_its_phrase_and_its_meaning() -> None:
    assert status_reason(404) == "HTTP 404 Not Found (nothing at this address)"
    assert status_reason(599) == "HTTP 599  (the server fails)"
