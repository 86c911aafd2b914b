"""The examples of a page of docs/, done in its order in a directory of their own, as the page says."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.forking import ROOT

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"# (\S+\.(?:py|ini))\n")
SECONDS = 300.0


@dataclass(frozen=True)
class Block:
    """A fenced block. line: where it begins."""

    page: str
    line: int
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that its first line names."""
        found = FILE.match(self.text)
        return found[1] if found else None

    def __str__(self) -> str:
        return f"docs/{self.page}, line {self.line}:\n{self.text}"


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = (ROOT / "docs" / page).read_text()
    assert text.count("```") % 2 == 0
    found = [Block(page, text.count("\n", 0, at.start()) + 1, at[1], at[2]) for at in BLOCK.finditer(text)]
    assert len(found) == text.count("```") // 2, "a fence that does not stand at the beginning of its line"
    return found


@dataclass
class Project:
    """A directory in which blocks are done. What they leave running ends with `close`."""

    directory: Path
    environment: Mapping[str, str]
    groups: list[int] = field(default_factory=list)

    def do(self, block: Block) -> str:
        """Do one block; what it said. Raises AssertionError where it fails, or nobody knows how it is done."""
        if block.file is not None:
            return self.add(self.directory / block.file, block.text)
        command = {
            "shell": ["bash", "-e", "-c", block.text],
            "python": ["python", "manage.py", "shell", "-c", block.text],
            "sql": ["python", "manage.py", "dbshell"],
        }.get(block.language)
        assert command is not None, f"Nothing runs this block: {block}"
        return self.run(command, block)

    def add(self, file: Path, text: str) -> str:
        """Add to the end of a file."""
        assert file.parent.is_dir(), file
        with file.open("a") as end:
            end.write(f"\n\n{text}")
        return ""

    def run(self, command: list[str], block: Block) -> str:
        """Run a command to its end; what it began in the background goes on."""
        said = self.directory / "said.log"
        with said.open("w") as out, (self.directory / "input").open("w+") as given:
            given.write(block.text if block.language == "sql" else "")
            given.seek(0)
            process = subprocess.Popen(
                command, cwd=self.directory, env=dict(self.environment), stdin=given, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
            self.groups.append(process.pid)
            process.wait(SECONDS)
        assert process.returncode == 0, f"{block}\n{said.read_text()}"
        return said.read_text()

    def close(self) -> None:
        """End what still runs."""
        for group in self.groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)
