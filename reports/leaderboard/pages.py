"""The HTML pages of a board."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from scipy.special import stdtrit

from ..names import key_of
from ..page.parts import environment
from ..stats.little_spread import FEW
from .addresses import entry_folder, episodes_file, protocol_folder, web_address
from .board_rows import LEVEL, ProtocolTable, Row
from .entries import TRUST, Board, Entry
from .seed_ranking import FEWEST_SEEDS

_PACKAGE = "fewbench.reports.leaderboard"
# What a page may load: only scripts and styles beside it, also when opened from a disk.
_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
_DEEP = "../../"
_LONGEST = 60  # characters of a text in a table


@dataclass(frozen=True, kw_only=True)
class OnProtocol:
    """An entry on one protocol.

    above: the id of the entry in the row above that it can be compared with, or ""
    """

    table: ProtocolTable
    entry: Entry
    row: Row
    above: str

    @property
    def seeds(self) -> list[tuple[int, float]]:
        """Each training seed with its mean accuracy."""
        return list(zip(self.row.train_seeds, self.row.seed_means, strict=True))


def index_page(board: Board, tables: Sequence[ProtocolTable]) -> str:
    """Return the first page: the protocols, the log, and the bundles that are missing."""
    return _page("index", "", board, tables=tables)


def rules_page(board: Board) -> str:
    """Return the page with the rules of the board."""
    return _page("rules", "", board)


def protocol_page(board: Board, table: ProtocolTable) -> str:
    """Return the page with the table of a protocol."""
    return _page(
        "protocol",
        _DEEP,
        board,
        table=table,
        choices=_choices(table.rows),
        facts=_facts(table),
    )


def compare_page(board: Board, table: ProtocolTable) -> str:
    """Return the page on which two entries of a protocol are compared."""
    entries = [row for row in table.rows if row.entry]
    df = table.protocol.n_episodes - 1
    quantile = 0.0
    if df:
        quantile = float(stdtrit(df, (1 + LEVEL) / 2))
    return _page(
        "compare",
        _DEEP,
        board,
        table=table,
        entries=entries,
        quantile=f"{quantile:.6f}",
        few=FEW,
    )


def entry_page(board: Board, runs: Sequence[OnProtocol]) -> str:
    """Return the page of an entry, with its numbers on all protocols."""
    entry = runs[0].entry
    lines = [line for line in board.log if line.entry == entry.id]
    return _page(
        "entry",
        _DEEP,
        board,
        entry=entry,
        runs=runs,
        card=_card(entry),
        notes=_notes(runs),
        log=lines,
    )


def _page(name: str, root: str, board: Board, **more: object) -> str:
    """Render a template. `root` leads from the page to the first folder of the site."""
    template = environment(_PACKAGE).get_template(f"{name}.html.jinja")
    known = {one.id for one in board.entries}
    return template.render(
        board=board,
        root=root,
        known=known,
        policy=_POLICY,
        level=f"{100 * LEVEL:g} %",
        trust_levels=TRUST,
        fewest_seeds=FEWEST_SEEDS,
        protocol_folder=protocol_folder,
        entry_folder=entry_folder,
        episodes_file=episodes_file,
        key_of=key_of,
        web_address=web_address,
        short=_short,
        **more,
    )


def _short(text: str) -> str:
    """Cut a long text of a stranger, so that no row of a table becomes very high.

    The page of the entry, the CSV file and the JSON file have the whole text.
    """
    if len(text) <= _LONGEST:
        return text
    return text[: _LONGEST - 1] + "…"


def _choices(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the choices of the filters that depend on the rows: name -> sorted values."""
    backbones = {row.backbone for row in rows}
    pretraining = {row.pretraining for row in rows}
    seen = {row.saw_test_classes for row in rows}
    return {
        "backbone": sorted(backbones - {""}),
        "pretraining": sorted(pretraining - {""}),
        "seen": sorted(seen),
    }


def _facts(table: ProtocolTable) -> Mapping[str, object]:
    """Return the fields of a protocol as they are shown: name -> value."""
    facts: dict[str, object] = {}
    for name, value in asdict(table.protocol).items():
        words = {True: "yes", False: "no"} if isinstance(value, bool) else {}
        facts[name] = words.get(value, value)
    facts["SHA-256"] = table.protocol.sha256
    return facts


def _notes(runs: Sequence[OnProtocol]) -> list[str]:
    """Return the notes on an entry, each with the name of its protocol."""
    notes = []
    for run in runs:
        for note in run.entry.notes:
            notes.append(f"{run.table.protocol.name}: {note}")
    return notes


def _card(entry: Entry) -> Mapping[str, str]:
    """Return what the authors say about their method: name -> answer."""
    method = entry.method
    tuned = [f"{name}: {values}" for name, values in sorted(method.tuned.items())]
    return {
        "authors": ", ".join(method.authors),
        "entered by the authors of the method": "yes" if method.official else "no",
        "paper": method.paper or "none",
        "code": method.code or "none",
        "commit": method.commit or "none",
        "licence": method.licence,
        "backbone": method.backbone,
        "parameters": f"{method.parameters:,}",
        "training data": method.training,
        "pre-training": method.pretraining,
        "classes of the test split seen before": method.saw_test_classes,
        "labels of the validation split used for": method.validation_labels,
        "extra data": method.extra_data,
        "answers depend on other queries": "yes" if entry.transductive else "no",
        "augmentation at test": method.augmentation,
        "adaptation at test": method.adaptation,
        "ensembling": method.ensembling,
        "hardware": method.hardware,
        "minutes of one training run": f"{method.minutes:,.1f}",
        "tuned hyper-parameters": "; ".join(tuned) or "none",
        "SHA-256 of the bundle": entry.bundle_sha256,
    }
