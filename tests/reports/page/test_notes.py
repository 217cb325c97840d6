from fewbench.reports.page.notes import placed


def test_each_note_is_placed_once_in_the_first_section_that_needs_it():
    first = [["of both", "of one"], ["of both", "of two"]]
    second = [["of three", "of two"]]

    one, two = placed([first, second])

    assert one.own == [["of one"], ["of two"]]
    assert one.shared == ["of both"]
    assert not one.has_earlier
    assert two.own == [["of three"]]
    assert two.shared == []
    assert two.has_earlier


def test_a_section_without_notes_has_none():
    (section,) = placed([[[], []]])

    assert section.own == [[], []]
    assert section.shared == []
    assert not section.has_earlier
