"""What was found about originals is said in words that state the doubts."""

from fewbench.benchmark.cli.describe_originals import (
    explanation_document,
    explanation_text,
)
from fewbench.datasets.inspection.explanation import Explanation, Rival
from fewbench.datasets.inspection.resampling import Pairs

FOUND = Pairs((), "content", n_originals=100, n_matched=47, n_ambiguous=2)
EXPLANATION = Explanation(
    n_images=47,
    channels="RGB",
    geometry="the whole image squashed to 84 x 84",
    filter="cv2-area",
    jpeg="75, then 95",
    rmse=3.53,
    other_filter=Rival("hamming", 4.76, n_closer=47, is_told=True),
    other_jpeg=Rival("75", 3.82, n_closer=30, is_told=False),
    medians={
        "cv2-area": {"no JPEG": 8.79, "75": 3.82, "90": 7.0, "75, then 95": 3.53},
        "nearest": {"no JPEG": 20.91},
    },
)


def test_the_text_says_what_was_found_and_what_cannot_be_told() -> None:
    lines = explanation_text(FOUND, EXPLANATION).splitlines()
    assert lines[0] == (
        "47 of 100 originals have an image in PATH (found by content; 2 more fit "
        "several images)"
    )
    assert "  geometry  the whole image squashed to 84 x 84" in lines
    assert (
        "  filter    cv2-area: 3.53; next is hamming with 4.76, farther in 47 of 47 "
        "images" in lines
    )
    assert (
        "  JPEG      75, then 95: 3.53; next is 75 with 3.82, farther in 30 of 47 "
        "images, so the two cannot be told apart" in lines
    )
    assert lines[-2].split() == [
        "cv2-area",
        "8.79",
        "3.82",
        "(75)",
        "3.53",
        "(75,",
        "then",
        "95)",
    ]
    assert lines[-1].split() == ["nearest", "20.91", "-", "-"]


def test_the_document_has_the_counts_and_the_findings() -> None:
    document = explanation_document(FOUND, EXPLANATION)
    assert (document["matched"], document["originals"]) == (47, 100)
    assert (document["found_by"], document["ambiguous"]) == ("content", 2)
    assert document["other_jpeg"]["is_told"] is False
    assert document["medians"]["nearest"] == {"no JPEG": 20.91}
