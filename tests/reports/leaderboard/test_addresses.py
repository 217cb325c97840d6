"""Addresses are safe, whatever strangers call their entries."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.leaderboard.addresses import (
    entry_folder,
    episodes_file,
    protocol_folder,
    web_address,
)


def test_plain_names_are_kept() -> None:
    assert protocol_folder("omniglot-5w1s") == "protocols/omniglot-5w1s"
    assert entry_folder("protonet") == "entries/protonet"
    assert episodes_file("a", "glyphs-5w1s") == "entries/a/episodes/glyphs-5w1s"


@given(st.text(max_size=20))
def test_a_folder_never_leads_out_of_its_place(entry_id: str) -> None:
    assert re.fullmatch(r"entries/[a-z0-9](_?[a-z0-9.-])*", entry_folder(entry_id))


def test_names_that_differ_only_in_case_do_not_share_a_folder() -> None:
    folders = {entry_folder(name).lower() for name in ("A", "a", "../a", "a/", "")}

    assert len(folders) == 5


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "https://",
        "https://a b",
        'https://a"onclick=',
        "https://a\u202eb",
        " https://example.org",
        "see https://example.org",
        "",
    ],
)
def test_only_addresses_on_the_web_become_links(text: str) -> None:
    assert web_address(text) == ""


def test_an_address_on_the_web_is_kept() -> None:
    address = "HTTPS://example.org/a?b=c&d=e#f"

    assert web_address(address) == address
