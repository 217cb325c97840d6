"""The files of a board, and its settings.

board.toml               title, version of the rules, protocols
rules.md                 the rules
bundles/ID.fewbench.zip  the submissions
verdicts/SHA256.json     what the checks found, a file for each bundle
log.jsonl                what happened, a line for each event
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic import dataclasses as pydantic_dataclasses

from fewbench.documents import DocumentError, fit, parse_toml, read_bytes
from fewbench.errors import UserError
from fewbench.files import write_text
from fewbench.locks import exclusive

from ...reports.names import Name
from ..submission.contents import SUFFIX
from ..submission.verdict import verdict_path

SETTINGS = "board.toml"
RULES = "rules.md"
LOG = "log.jsonl"
BUNDLES = "bundles"
VERDICTS = "verdicts"


@pydantic_dataclasses.dataclass(
    frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True)
)
class Settings:
    """The file board.toml.

    rules: the version of the rules, such as "1"
    protocols: the names of the protocols that the board takes; () for all
    frozen: name of a protocol that takes no more entries -> the reason
    """

    title: Annotated[str, Field(min_length=1, max_length=200)]
    rules: Annotated[str, Field(min_length=1, max_length=40)]
    protocols: tuple[Name, ...] = ()
    frozen: dict[Name, Annotated[str, Field(max_length=500)]] = Field(
        default_factory=dict
    )


_SCHEMA = TypeAdapter(Settings)


@dataclass(frozen=True)
class BoardFolder:
    """The folder of a board."""

    path: Path

    @property
    def log(self) -> Path:
        """The path of the log."""
        return self.path / LOG

    @property
    def verdicts(self) -> Path:
        """The folder of the verdicts."""
        return self.path / VERDICTS

    def bundle(self, entry: str) -> Path:
        """Return the path of the bundle of an entry."""
        return self.path / BUNDLES / f"{entry}{SUFFIX}"

    def verdict(self, sha256: str) -> Path:
        """Return the path of the verdict on a bundle."""
        return verdict_path(self.verdicts, sha256)

    def bundles(self) -> list[Path]:
        """Return the paths of all bundles, sorted."""
        return sorted((self.path / BUNDLES).glob(f"*{SUFFIX}"))

    def rules(self) -> str:
        """Return the text of the rules; "" if there are none.

        Raises UserError if the file cannot be read.
        """
        path = self.path / RULES
        try:
            return read_bytes(path).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        except (OSError, DocumentError) as damage:
            raise UserError(
                f"{path}: cannot read the rules: expected a text in UTF-8, got {damage}. "
                f"Restore it: git checkout {path}"
            ) from damage

    def writing(self) -> AbstractContextManager[None]:
        """Lock the board while it is changed. Raises Busy if it is locked."""
        return exclusive(self.path / ".board.lock", f"changing {self.path}")

    def settings(self) -> Settings:
        """Read board.toml.

        Raises UserError if the folder is no board, or if the file is damaged.
        """
        path = self.path / SETTINGS
        try:
            return fit(parse_toml(read_bytes(path)), _SCHEMA)
        except FileNotFoundError:
            raise UserError(
                f"{self.path}: is no leaderboard: expected a folder with {SETTINGS}, got "
                f"none. Make one: fewbench leaderboard init {self.path}"
            ) from None
        except (OSError, DocumentError) as damage:
            raise UserError(
                f"{path}: cannot read the settings of the board: expected TOML with title, "
                f"rules and perhaps protocols, got {damage}. Correct the file"
            ) from damage


def make_board(path: Path, title: str) -> BoardFolder:
    """Make the folder of a new board, with rules that can be used as they are.

    Raises UserError if there is a board already.
    """
    if (path / SETTINGS).exists():
        raise UserError(
            f"{path}: is a leaderboard already: expected a new folder, got one with "
            f"{SETTINGS}. Add to it: fewbench leaderboard add {path} FILE"
        )
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    write_text(path / RULES, _rules())
    write_text(path / LOG, "")
    write_text(path / SETTINGS, f'title = "{quoted}"\nrules = "1"\n')
    return BoardFolder(path)


def _rules() -> str:
    place = files("fewbench.benchmark.board").joinpath(RULES)
    return place.read_text(encoding="utf-8")
