"""The marked blocks of the manual, in their order.

    ```apache modules=ssl,http2      a configuration that httpd must accept, beside conf/factorial.conf
    ```apache run modules=...        the same, and a server runs with it for the blocks below
    ```console                       commands behind "$ ", and what they print; ... stands for anything
    ```sh                            commands that change a system: looked at, not run

What follows `apache` names httpd's modules that the configuration needs; readers do not see it. Until
the first `apache run` of a page, commands are for what `make run` serves.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    kind: str
    options: str
    text: str

    @property
    def runs(self) -> bool:
        return "run" in self.options.split()

    @property
    def modules(self) -> list[str]:
        found = re.search(r"modules=(\S+)", self.options)
        return found[1].split(",") if found else []

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    text: str
    output: str

    def printed(self, said: str) -> bool:
        """Whether that is what the manual says it prints."""
        pattern = r"[^\n]*".join(re.escape(part) for part in self.output.strip().split("..."))
        return re.fullmatch(pattern, said.replace("\r", "").strip()) is not None


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(page, text[: found.start()].count("\n") + 1, found[1], found[2].strip(), found[3])
        for found in FENCE.finditer(text)
    ]


def commands(block: Block) -> list[Command]:
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    made = []
    for part in parts:
        lines = part.split("\n")
        length = 1
        while lines[length - 1].endswith("\\"):
            length += 1
        made.append(Command("\n".join(lines[:length]), "\n".join(lines[length:])))
    return made
