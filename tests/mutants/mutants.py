"""Mutation testing: changes one line of the C sources at a time and asks whether a test fails.

A mutant that every test passes shows a line that no test needs, or one whose change makes no difference.
The latter are argued, one a line, in equivalent.txt beside this file.

    mutants.py [--mutants 200] [--seed 1] [--jobs 2] [--files REGEX] [--suites REGEX] [--list]
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "build/mutants"
EQUIVALENT = HERE / "equivalent.txt"
MEMORY = 8 << 30  # bytes of address space for a suite: a mutant may ask for anything

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
LOGIC = {"&&": "||", "||": "&&"}


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    before: str
    after: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.before.strip()}  ->  {self.after.strip()}"

    def argument(self):
        """The mutant as equivalent.txt names it: line numbers change, the code does not."""
        return (self.file, self.before.strip(), self.after.strip())


def code_only(source):
    """The source with comments, strings, character constants and directives blanked, same positions."""
    pattern = (
        r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*"
    )
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])  # noqa: E731
    return re.sub(pattern, blank, source, flags=re.DOTALL | re.MULTILINE)


def closing(code, start):
    """The position of the parenthesis that closes the one at start, or -1."""
    depth = 0
    for at in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return -1


def changes(line, code):
    """All changed forms of one line; code is the line with what is no code blanked."""

    def replaced(match, text):
        return line[: match.start()] + text + line[match.end() :]

    for match in re.finditer(r"(?<= )(<=|>=|==|!=|<|>)(?= )", code):
        yield replaced(match, COMPARISONS[match[0]])
    for match in re.finditer(r"&&|\|\|", code):
        yield replaced(match, LOGIC[match[0]])
    for match in re.finditer(r"(?<= )[+-](?==? )", code):
        yield replaced(match, "-" if match[0] == "+" else "+")
    for match in re.finditer(r"(?<![\w.])(\d+)(?=[uUlL]*\b(?![.\w]))", code):
        yield replaced(match, str(int(match[0]) + 1))
        if int(match[0]) > 0:
            yield replaced(match, str(int(match[0]) - 1))
    for match in re.finditer(r"\b(true|false)\b", code):
        yield replaced(match, "false" if match[0] == "true" else "true")
    for match in re.finditer(r"\b(?:if|while) \(", code):
        end = closing(code, match.end() - 1)
        if end > 0:
            yield line[: match.end()] + "!(" + line[match.end() : end] + ")" + line[end:]
    if match := re.fullmatch(r"\s*return (?!0;|true;|false;)[^;]+;\s*", code):
        yield line[: line.index("return")] + "return 0;"
    if match := re.fullmatch(r"\s*(?!return\b)(?:\w|->|\.)+\(.*\);\s*", code):
        yield re.match(r"\s*", line)[0] + ";"


def mutants_of(path):
    source = (ROOT / path).read_text()
    codes = code_only(source).split("\n")
    for number, (line, code) in enumerate(zip(source.split("\n"), codes, strict=True), 1):
        for after in dict.fromkeys(changes(line, code)):
            yield Mutant(path, number, line, after)


def argued():
    """The mutants that equivalent.txt argues: a mutant a line, its parts and the reason set apart by ' | '."""
    entries = {}
    for line in EQUIVALENT.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            file, before, after, reason = line.split(" | ")
            entries[(file, before, after)] = reason
    return entries


class Tree:
    """A copy of the sources, built, in which one mutant at a time is tried."""

    def __init__(self, folder):
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        for name in filter(None, listed.decode().split("\0")):
            target = folder / name
            if not target.exists() or target.read_bytes() != (ROOT / name).read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)
                os.utime(target)
        if not self.build("test-programs"):
            sys.exit("mutants: the unchanged sources do not build; see build/mutants/*/log")

    def build(self, *targets):
        with (self.folder / "log").open("w") as log:
            command = ["make", "-s", "CFLAGS=-O2", *targets]
            return (
                subprocess.run(
                    command, cwd=self.folder, stdout=log, stderr=log, check=False
                ).returncode
                == 0
            )

    def objects(self, file):
        stem = pathlib.Path("build", file).with_suffix("")
        found = [stem.with_suffix(".o"), *stem.parent.glob(f"{stem.name}.*.o")]
        return {p: (self.folder / p).read_bytes() for p in found if (self.folder / p).exists()}

    def run(self, suite, seconds):
        """'passed', 'failed' or 'timed out'. What the suite has started ends with it."""
        alone = ["unshare", "--pid", "--fork", "--kill-child"]
        if os.geteuid() != 0:
            alone += ["--user", "--map-current-user"]
        limit = f"ulimit -v {MEMORY >> 10}; {suite}; exit $?"
        environment = {**os.environ, "CK_DEFAULT_TIMEOUT": str(seconds), "MPM": "event"}
        with (
            (self.folder / "log").open("w") as log,
            subprocess.Popen(
                [*alone, "sh", "-c", limit],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
            ) as process,
        ):
            try:
                return "passed" if process.wait(seconds) == 0 else "failed"
            except subprocess.TimeoutExpired:
                process.kill()
                return "timed out"


class Suites:
    """The Check suites with the time each takes on the unchanged sources, in the order to try them."""

    def __init__(self, tree, wanted):
        self.seconds = {}
        for source in sorted(
            [*ROOT.glob("tests/unit/*/test_*.c"), *ROOT.glob("tests/http/test_*.c")]
        ):
            name = str(source.relative_to(ROOT / "tests").with_suffix(""))
            if not re.search(wanted, name):
                continue
            start = time.monotonic()
            if tree.run(f"build/suites/{name}", 600) != "passed":
                sys.exit(f"mutants: {name} fails on the unchanged sources")
            self.seconds[name] = time.monotonic() - start

    def order(self, file):
        """The suite named after the file, then its folder's, then the others; the fastest first."""
        engine = "/engine/" in file
        stem = "test_" + pathlib.Path(file).stem

        def rank(name):
            area = name.split("/")[-2]
            return (
                name.split("/")[-1] != stem,
                area != ("engine" if engine else "module"),
                area == "http",
                self.seconds[name],
            )

        return sorted(self.seconds, key=rank)


def attempt(tree, suites, mutant):
    """What becomes of a mutant, and by which suite: None if it does not compile or compiles to the same."""
    path = tree.folder / mutant.file
    source = path.read_text()
    before = tree.objects(mutant.file)
    lines = source.split("\n")
    lines[mutant.line - 1] = mutant.after
    try:
        path.write_text("\n".join(lines))
        if not tree.build("build") or tree.objects(mutant.file) == before:
            return None
        for name in suites.order(mutant.file):
            if not tree.build(f"build/suites/{name}"):
                return None
            verdict = tree.run(f"build/suites/{name}", 30 + 10 * suites.seconds[name])
            if verdict != "passed":
                return verdict, name
        return "survived", ""
    finally:
        path.write_text(source)
        tree.build("build")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--mutants", type=int, default=200, help="how many to try (200)")
    arguments.add_argument("--seed", type=int, default=1, help="which sample (1)")
    arguments.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="at once (the processors)"
    )
    arguments.add_argument(
        "--files", default="", help="only files whose path this regular expression finds"
    )
    arguments.add_argument(
        "--suites", default="", help="only suites whose name it finds (unit/: no httpd)"
    )
    arguments.add_argument("--list", action="store_true", help="print the sample, try nothing")
    options = arguments.parse_args()

    files = sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("mod_factorial/**/*.c"))
    equivalent = argued()
    every = [m for file in files if re.search(options.files, file) for m in mutants_of(file)]
    for stale in set(equivalent) - {m.argument() for m in every} if not options.files else ():
        sys.exit(
            f"mutants: {EQUIVALENT.name} argues a mutant that no longer exists: {' | '.join(stale)}"
        )
    random.Random(options.seed).shuffle(every)
    if options.list:
        print(*every[: options.mutants], sep="\n")
        return 0

    trees = queue.SimpleQueue()
    first = Tree(WORK / "1")
    suites = Suites(first, options.suites)
    trees.put(first)
    for number in range(2, options.jobs + 1):
        trees.put(Tree(WORK / str(number)))

    counts = dict.fromkeys(("failed", "timed out", "survived", "equivalent"), 0)
    lock = threading.Lock()

    def one(mutant):
        with lock:
            if sum(counts.values()) >= options.mutants:
                return
        tree = trees.get()
        try:
            verdict = (
                ("equivalent", "")
                if mutant.argument() in equivalent
                else attempt(tree, suites, mutant)
            )
        finally:
            trees.put(tree)
        if verdict is None:
            return
        with lock:
            if sum(counts.values()) < options.mutants:
                counts[verdict[0]] += 1
                label = {"failed": "killed"}.get(verdict[0], verdict[0])
                print(f"{label:10} {verdict[1].split('/')[-1]:24} {mutant}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for _ in pool.map(one, every):
            pass
    killed = counts["failed"] + counts["timed out"]
    tried = killed + counts["survived"]
    print(
        f"seed {options.seed}: {killed} of {tried} mutants killed ({100 * killed / max(tried, 1):.1f} %), "
        f"{counts['timed out']} of them by a time limit; {counts['equivalent']} argued as equivalent"
    )
    return counts["survived"] > 0


if __name__ == "__main__":
    sys.exit(main())
