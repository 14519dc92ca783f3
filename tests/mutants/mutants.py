"""Mutation testing: changes one line of the C sources at a time and asks whether a test fails.

A mutant that every test passes shows a line that no test needs, or one whose change makes no difference.
The latter are argued, one a line, in equivalent.txt beside this file.

    mutants.py [--mutants 200] [--seed 1] [--jobs 2] [--files REGEX] [--suites REGEX] [--again FILE] [--list]
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
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
TIMES = WORK / "times"
LEAKS = subprocess.run(
    ["cc", "-print-file-name=liblsan.so"], capture_output=True, text=True, check=True
).stdout.strip()
SEPARATOR = "  |  "
# An index out of bounds ends the test, as it does under make asan.
OPTIONS = ["CFLAGS=-O2 -fsanitize=bounds -fsanitize-undefined-trap-on-error"]
THREAD_SANITIZER = ["BUILD=build/tsan", "CFLAGS=-O1 -g", "SANITIZE=-fsanitize=thread"]
MEMORY = 8 << 30  # bytes that a suite may write to: a mutant may ask for anything

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
        yield re.match(r"\s*", line)[0] + "(void)0;"


def mutants_of(path):
    source = (ROOT / path).read_text()
    codes = code_only(source).split("\n")
    for number, (line, code) in enumerate(zip(source.split("\n"), codes, strict=True), 1):
        for after in dict.fromkeys(changes(line, code)):
            yield Mutant(path, number, line, after)


def listed(path):
    """The mutants of a file like equivalent.txt: parts set apart by '  |  ', the reason (if any) last."""
    lines = path.read_text().splitlines()
    return [tuple(line.split(SEPARATOR)[:3]) for line in lines if line.strip() and line[0] != "#"]


class Tree:
    """A copy of the sources, built; `original` in it keeps what was built of the unchanged ones."""

    def __init__(self, name, targets):
        self.folder = WORK / name
        tracked = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        for name in filter(None, tracked.decode().split("\0")):
            target = self.folder / name
            if not target.exists() or target.read_bytes() != (ROOT / name).read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)
                os.utime(target)
        if not self.build(*targets):
            sys.exit(f"mutants: the unchanged sources do not build; see {self.folder}/log")
        shutil.copytree(self.folder / "build", self.folder / "original", dirs_exist_ok=True)

    def differs(self, name):
        return (self.folder / "build" / name).read_bytes() != (
            self.folder / "original" / name
        ).read_bytes()

    def build(self, *targets, options=OPTIONS):
        with (self.folder / "log").open("w") as log:
            command = ["make", "-s", *options, *(f"build/{name}" for name in targets)]
            return (
                subprocess.run(
                    command, cwd=self.folder, stdout=log, stderr=log, check=False
                ).returncode
                == 0
            )

    def objects(self, file):
        """Those of a source, as paths below the build folder: one, or one for each kernel."""
        build = self.folder / "build"
        stem = build / pathlib.Path(file).with_suffix("")
        return [
            str(p.relative_to(build))
            for p in stem.parent.glob(f"{stem.name}.*")
            if p.suffix == ".o"
        ]

    def run(self, suite, built, seconds, leaks=False):
        """'passed', 'killed' or 'timed out', at the first test that fails. What it starts ends with it."""
        program = SUITE_PROGRAM[suite.split("/")[0]].format(built=built, suite=suite)
        alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            alone += ["--user", "--map-current-user"]
        memory = "unlimited" if built == "build/tsan" else MEMORY >> 10
        # Only the suite may load the leak sanitizer, because unshare fails with it.
        preload = f"LD_PRELOAD={LEAKS} " if leaks else ""
        limit = f"ulimit -d {memory}; {preload}{program}; exit $?"
        environment = {
            **os.environ,
            "CK_DEFAULT_TIMEOUT": str(int(seconds)),
            "CK_TAP_LOG_FILE_NAME": "-",
            "BUILD": built,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        with subprocess.Popen(
            [*alone, "stdbuf", "-oL", "sh", "-c", limit],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
        ) as process:
            late = threading.Timer(seconds, process.kill)
            late.start()
            try:
                for line in process.stdout:
                    if line.startswith("not ok"):
                        process.kill()
                        return "killed"
                if process.wait() == 0:
                    return "passed"
                return "killed" if late.is_alive() else "timed out"
            finally:
                late.cancel()


# Suites by their folder below tests/: the command, and what is built for it; the first may differ.
SUITE_PROGRAM = {
    "unit": "{built}/suites/{suite}",
    "http": "/usr/bin/python3 -m pytest -x -q -c tests/pytest.ini tests/{suite}.py",
    "packages": "tests/packages/test_program {built}",
}
SUITE_BUILT = {
    "unit": ["suites/{suite}"],
    "http": ["mod_factorial.so"],
    "packages": ["factorial", "manual/factorial.1", "manual/mod_factorial.8"],
}


def built_for(suite):
    return [name.format(suite=suite) for name in SUITE_BUILT[suite.split("/")[0]]]


class Suites:
    """How long each suite takes on the unchanged sources, and in which order to try them."""

    def __init__(self, wanted):
        sources = [*ROOT.glob("tests/unit/*/test_*.c"), *ROOT.glob("tests/http/test_*.py")]
        names = [str(p.relative_to(ROOT / "tests").with_suffix("")) for p in sources]
        self.names = [n for n in [*sorted(names), "packages/program"] if re.search(wanted, n)]
        self.times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
        self.kills = collections.Counter()

    def time(self, tree, name):
        """How long a suite takes, and whether it passes where leaks fail it. It must pass without.
        What was found is kept for the next run, as long as the suite's program is the same."""
        program = (tree.folder / "original" / built_for(name)[0]).read_bytes()
        digest = hashlib.sha256(program).hexdigest()
        if self.times.get(name, {}).get("of") != digest:
            for leaks in [True, False] if name.startswith("unit/") else [False]:
                start = time.monotonic()
                if tree.run(name, "original", 1200, leaks) == "passed":
                    break
            else:
                print(f"mutants: {name} fails on the unchanged sources", flush=True)
                os._exit(1)
            self.times[name] = {
                "of": digest,
                "seconds": time.monotonic() - start,
                "leaks": leaks,
            }
            TIMES.write_text(json.dumps(self.times))
        return self.times[name]

    def named_after(self, file):
        stem = "test_" + pathlib.Path(file).stem
        return [
            n for n in self.names if n.startswith("unit/") and n.split("/")[-1].startswith(stem)
        ]

    def order(self, file):
        """The suite named after the file, what has killed the file's mutants before, then the fastest;
        those that are no unit tests last."""
        own = self.named_after(file)

        def rank(name):
            return (
                not name.startswith("unit/"),
                name not in own,
                -self.kills[file, name],
                self.times.get(name, {}).get("seconds", 0),
            )

        return sorted(self.names, key=rank)


def attempt(tree, suites, mutant):
    """What becomes of a mutant, and by which suite: None if it does not compile or compiles to the same."""
    path = tree.folder / mutant.file
    source = path.read_text()
    objects = tree.objects(mutant.file)
    lines = source.split("\n")
    lines[mutant.line - 1] = mutant.after
    try:
        path.write_text("\n".join(lines))
        if objects and not (tree.build(*objects) and any(map(tree.differs, objects))):
            return None
        for name in suites.order(mutant.file):
            tested = built_for(name)[0]
            if not tree.build(tested):
                return None
            if not tree.differs(tested):
                continue
            unchanged = suites.time(tree, name)
            limit = 20 + 5 * unchanged["seconds"]
            verdict = tree.run(name, "build", limit, unchanged["leaks"])
            if verdict != "passed":
                suites.kills[mutant.file, name] += 1
                return verdict, name
        # Races: make tsan, of which the suite named after the file is enough here.
        for name in suites.named_after(mutant.file):
            tested = f"tsan/{built_for(name)[0]}"
            if not tree.build(tested, options=THREAD_SANITIZER):
                return None
            verdict = tree.run(name, "build/tsan", 20 + 100 * suites.times[name]["seconds"])
            if verdict != "passed":
                return verdict, f"tsan/{name}"
        return "survived", ""
    finally:
        path.write_text(source)
        for name in objects:
            shutil.copyfile(tree.folder / "original" / name, tree.folder / "build" / name)


def options():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = arguments.add_argument
    add("--mutants", type=int, default=200, help="how many to try (200)")
    add("--seed", type=int, default=1, help="which sample (1)")
    add("--jobs", type=int, default=os.cpu_count(), help="at once (the processors)")
    add("--files", default="", help="only files whose path this regular expression finds")
    add("--suites", default="", help="only suites whose name it finds (unit/: no httpd)")
    add(
        "--again",
        type=pathlib.Path,
        help="instead: those of a file such as build/mutants/survivors",
    )
    add("--list", action="store_true", help="print the sample, try nothing")
    return arguments.parse_args()


def sample(o, equivalent):
    """The mutants to try, in a random order; those that do not compile count as none of the sample."""
    if o.again:
        lines = {}
        for file, before, after in listed(o.again):
            lines[file] = (ROOT / file).read_text().split("\n")
            for number, line in enumerate(lines[file], 1):
                if line.strip() == before:
                    yield Mutant(file, number, line, line.replace(before, after))
        return
    files = sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("mod_factorial/**/*.c"))
    every = [m for file in files for m in mutants_of(file)]
    for stale in equivalent - {m.argument() for m in every}:
        sys.exit(
            f"mutants: {EQUIVALENT.name} argues a mutant that no longer exists: {SEPARATOR.join(stale)}"
        )
    every = [m for m in every if re.search(o.files, m.file)]
    random.Random(o.seed).shuffle(every)
    yield from every


def main():
    o = options()
    equivalent = set(listed(EQUIVALENT))
    wanted = list(sample(o, equivalent))
    if o.list:
        print(*wanted[: o.mutants], sep="\n")
        return 0
    suites = Suites(o.suites)
    targets = [name for suite in suites.names for name in built_for(suite)]
    trees = queue.SimpleQueue()
    for number in range(o.jobs):
        trees.put(Tree(str(number + 1), targets))
    verdicts = []
    lock = threading.Lock()

    def one(mutant):
        if len(verdicts) >= o.mutants:
            return
        tree = trees.get()
        try:
            verdict = attempt(tree, suites, mutant)
            if verdict and verdict[0] == "survived" and mutant.argument() in equivalent:
                verdict = "argued", ""
        finally:
            trees.put(tree)
        with lock:
            if verdict and len(verdicts) < o.mutants:
                verdicts.append((mutant, *verdict))
                print(f"{verdict[0]:10} {verdict[1]:36} {mutant}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        for _ in pool.map(one, wanted):
            pass
    report(o.seed, verdicts)
    return any(verdict == "survived" for _, verdict, _ in verdicts)


def report(seed, verdicts):
    """The score of each file and of all; the survivors go to a file that --again takes."""
    survivors = [
        SEPARATOR.join(m.argument()) for m, verdict, _ in verdicts if verdict == "survived"
    ]
    (WORK / "survivors").write_text("".join(line + "\n" for line in survivors))
    table = {"all of seed " + str(seed): collections.Counter(verdict for _, verdict, _ in verdicts)}
    for mutant, verdict, _ in sorted(verdicts, key=lambda v: v[0].file):
        table.setdefault(mutant.file, collections.Counter())[verdict] += 1
    print(f"\n{'':45} killed  timed out  survived  argued")
    for file, count in reversed(table.items()):
        print(
            f"{file:45} {count['killed']:6} {count['timed out']:10} {count['survived']:9} {count['argued']:7}"
        )
    kinds = collections.Counter(suite.rpartition("/")[0] for _, _, suite in verdicts if suite)
    print("noticed by", ", ".join(f"tests/{kind}: {count}" for kind, count in kinds.most_common()))


if __name__ == "__main__":
    sys.exit(main())
