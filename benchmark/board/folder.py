"""The files of a board, and its settings.

board.toml               title, version of the rules, protocols
rules.md                 the rules
bundles/ID.fewbench.zip  the submissions
verdicts/SHA256.json     what the checks found, a file for each bundle
log.jsonl                what happened, a line for each event
.gitattributes           git joins lines that two branches added to the log
"""

import os
import shlex
from collections.abc import Mapping
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
from fewbench.locks import exclusive, only_writer

from ...reports.names import Name
from ..submission.contents import SUFFIX
from ..submission.verdict import verdict_path

SETTINGS = "board.toml"
RULES = "rules.md"
LOG = "log.jsonl"
BUNDLES = "bundles"
VERDICTS = "verdicts"
GIT_ATTRIBUTES = ".gitattributes"
GIT_IGNORE = ".gitignore"
_LOCK = ".board.lock"
# Two pull requests add lines at the end of the log; both are kept. Bytes are never changed.
_ATTRIBUTES = f"{LOG} merge=union -text\n{BUNDLES}/* -text\n{VERDICTS}/* -text\n"


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

    def files(self) -> list[Path]:
        """Return the paths of all files and links of the board, sorted."""
        found = [self.path / name for name in (SETTINGS, RULES, LOG)]
        for folder in (BUNDLES, VERDICTS):
            found.append(self.path / folder)
            found += (self.path / folder).glob("*")
        return sorted(found)

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
                f"Restore it: git checkout -- {shlex.quote(str(path))}"
            ) from damage

    def writing(self) -> AbstractContextManager[None]:
        """Lock the board while it is changed. Raises Busy if it is locked."""
        return exclusive(self.path / _LOCK, f"changing {self.path}")

    def settings(self) -> Settings:
        """Read board.toml.

        Raises UserError if the folder is no board, if the file is damaged, or if a file of
        the board is a link, which could lead to any file of the machine.
        """
        path = self.path / SETTINGS
        for one in self.files():
            if one.is_symlink():
                raise UserError(
                    f"{one}: is a link: expected a file, since a board is published, got a "
                    f"link. Copy the file itself"
                )
        try:
            return fit(parse_toml(read_bytes(path)), _SCHEMA)
        except FileNotFoundError:
            raise UserError(
                f"{self.path}: is no leaderboard: expected a folder with {SETTINGS}, got "
                f"none. Make one: fewbench leaderboard init "
                f"{shlex.quote(str(self.path))}"
            ) from None
        except (OSError, DocumentError) as damage:
            raise UserError(
                f"{path}: cannot read the settings of the board: expected TOML with title, "
                f"rules and perhaps protocols, got {damage}. Correct the file"
            ) from damage


def make_board(path: Path, title: str) -> BoardFolder:
    """Make the folder of a new board, with rules that can be used as they are.

    Raises UserError if the folder holds other files of these names, or if the title is no
    line of text. Raises Busy if another process is making it.
    """
    if not title.strip() or not title.isprintable():
        raise UserError(
            f"--title {title!r:.80}: expected a line of text, got another one. Type for "
            f"example --title 'Our few-shot board'"
        )
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    # The settings come last: until they are there, the folder is no board.
    texts = {
        GIT_ATTRIBUTES: _ATTRIBUTES,
        GIT_IGNORE: f"{_LOCK}\n*.partial\n",
        RULES: _rules(),
        LOG: "",
        SETTINGS: f'title = "{quoted}"\nrules = "1"\n',
    }
    with only_writer(path, f"making a leaderboard in {path}"):
        _refuse_other_files(path, texts)
        for name, text in texts.items():
            write_text(path / name, text)
    return BoardFolder(path)


def _refuse_other_files(path: Path, texts: Mapping[str, str]) -> None:
    """Raise UserError if files of a board are there that `make_board` would not write.

    Those that it would write may be there: a call that was killed has left them.

    texts: name of a file -> its text
    """
    if (path / SETTINGS).exists():
        raise UserError(
            f"{path}: is a leaderboard already: expected a new folder, got one with "
            f"{SETTINGS}. Add to it: fewbench leaderboard add "
            f"{shlex.quote(str(path))} FILE"
        )
    for name in (BUNDLES, VERDICTS, *texts):
        one = path / name
        is_new = not os.path.lexists(one)
        if is_new or _holds(one, texts.get(name)):
            continue
        raise UserError(
            f"{path}: cannot become a leaderboard: expected a new folder, got one with "
            f"{name}, which is not that of a new leaderboard. Choose another folder"
        )


def _holds(path: Path, text: str | None) -> bool:
    """Return whether a path is a file with a text."""
    if text is None or path.is_symlink() or not path.is_file():
        return False
    return read_bytes(path) == text.encode()


def _rules() -> str:
    place = files("fewbench.benchmark.board").joinpath(RULES)
    return place.read_text(encoding="utf-8")
