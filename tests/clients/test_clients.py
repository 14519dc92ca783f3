"""Clients that are generated from docs/openapi.yaml, and the compiled recipes of docs/clients.md: each is
built, and asks a real server for the same numbers. CLIENTS names those that are wanted; all by default."""

import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpd import BUILD, SOURCE, Httpd, running
from recipes import program

HERE = SOURCE / "tests/clients"
WORK = BUILD / "clients"
NODE = BUILD / "tools/venv/bin/node"
DESCRIPTION = SOURCE / "docs/openapi.yaml"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
NUMBERS = (5, 20, 21, 1000, 5000, 100_000)
WANTED = os.environ.get("CLIENTS", "python go typescript fetch java rust csharp").split()


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def generate(generator: str, folder: Path, *options: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    command = [WORK / "venv/bin/openapi-generator-cli", "generate", "-q", "-i", DESCRIPTION]
    run(*command, "-g", generator, "-o", folder, *options, cwd=WORK)


def python() -> list[str | Path]:
    generate("python", WORK / "python")
    shutil.copy(HERE / "generated.py", WORK / "python")
    return [WORK / "venv/bin/python", WORK / "python/generated.py"]


def go() -> list[str | Path]:
    folder = WORK / "go"
    generate("go", folder, "--global-property", "apiTests=false,modelTests=false")
    shutil.copytree(HERE / "go", folder / "cmd")
    run("go", "build", "-o", "generated", "./cmd", cwd=folder)
    return [folder / "generated"]


def node_packages() -> Path:
    """The folder of the clients in TypeScript, with what they need."""
    folder = WORK / "typescript"
    shutil.copytree(HERE / "typescript", folder, dirs_exist_ok=True)
    if not (folder / "node_modules").is_dir():
        npm = next((BUILD / "tools/venv").glob("lib/*/site-packages/*/lib/node_modules/npm/bin"))
        run(NODE, npm / "npm-cli.js", "ci", "--ignore-scripts", "--no-audit", cwd=folder)
    run(
        NODE,
        "node_modules/openapi-typescript/bin/cli.js",
        DESCRIPTION,
        "-o",
        "factorial.d.ts",
        cwd=folder,
    )
    return folder


def compile_typescript(folder: Path, source: str, *options: str) -> None:
    common = ["--strict", "--target", "es2022", "--lib", "es2022,dom", "--types", "node"]
    run(NODE, "node_modules/typescript/bin/tsc", *common, *options, source, cwd=folder)


def typescript() -> list[str | Path]:
    folder = node_packages()
    generate("typescript-fetch", folder / "client")
    out = folder / "out"
    compile_typescript(folder, "generated.ts", "--module", "commonjs", "--outDir", str(out))
    (out / "package.json").write_text('{"type": "commonjs"}')
    return [NODE, out / "generated.js"]


def fetch() -> list[str | Path]:
    folder = node_packages()
    module = ["--module", "esnext", "--moduleResolution", "bundler"]
    compile_typescript(folder, "fetch.ts", *module, "--outDir", "fetched")
    return [NODE, folder / "fetched/fetch.js"]


def java() -> list[str | Path]:
    folder = WORK / "java"
    generate("java", folder, "--library", "native")
    if not (WORK / "jars").is_dir():
        jars = f"-DoutputDirectory={WORK}/jars"
        run("mvn", "-q", "-B", COPY_JARS, "-DincludeScope=compile", jars, cwd=folder)
    sources = [*(folder / "src/main/java").rglob("*.java"), HERE / "java/Main.java"]
    path = f"{WORK}/jars/*"
    run("javac", "-nowarn", "-cp", path, "-d", folder / "classes", *sources, cwd=folder)
    return ["java", "-cp", f"{folder}/classes:{path}", "Main"]


def rust() -> list[str | Path]:
    folder = WORK / "rust"
    shutil.copytree(HERE / "rust", folder, dirs_exist_ok=True)
    generate("rust", folder / "client", "--library", "reqwest")
    (folder / "src/recipe.rs").write_text(program("rust"))
    run("cargo", "build", "--quiet", "--locked", cwd=folder)
    return [folder / "target/debug/generated"]


GENERATED = {
    "python": python,
    "go": go,
    "typescript": typescript,
    "fetch": fetch,
    "java": java,
    "rust": rust,
}


@pytest.fixture(scope="module")
def server() -> Iterator[Httpd]:
    with running() as httpd:
        yield httpd


def lines(number: int) -> list[str]:
    """What each driver prints for a number: the digits from JSON and from text, and the summary."""
    digits = str(math.factorial(number))
    scientific = digits[:20] if len(digits) == 1 else f"{digits[0]}.{digits[1:20]}"
    return [digits, digits, f"{len(digits)} {scientific}e{len(digits) - 1}"]


@pytest.mark.parametrize("client", [name for name in GENERATED if name in WANTED])
def test_the_generated_client_gets_every_digit(server: Httpd, client: str) -> None:
    sys.set_int_max_str_digits(0)
    printed = run(*GENERATED[client](), server.base, *map(str, NUMBERS), cwd=WORK).splitlines()
    for index, number in enumerate(NUMBERS):
        assert printed[3 * index : 3 * index + 3] == lines(number), number
    assert len(printed) == 3 * len(NUMBERS)


def typescript_recipe() -> list[str | Path]:
    folder = node_packages()
    (folder / "recipe.ts").write_text(program("ts"))
    module = ["--module", "esnext", "--moduleResolution", "bundler"]
    compile_typescript(folder, "recipe.ts", *module, "--outDir", "fetched")
    return [NODE, folder / "fetched/recipe.js"]


def go_recipe() -> list[str | Path]:
    (WORK / "recipe.go").write_text(program("go"))
    return ["go", "run", WORK / "recipe.go"]


def java_recipe() -> list[str | Path]:
    (WORK / "Recipe.java").write_text(program("java"))
    return ["java", WORK / "Recipe.java"]


RECIPES = {
    "fetch": typescript_recipe,
    "go": go_recipe,
    "java": java_recipe,
    "rust": lambda: [WORK / "rust/target/debug/recipe"],  # built with the generated client
}


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name in WANTED])
def test_the_recipe_gets_every_digit(server: Httpd, recipe: str) -> None:
    sys.set_int_max_str_digits(0)
    command = RECIPES[recipe]()
    for number in (5, 21, 100_000):
        assert run(*command, server.base, str(number), cwd=WORK).strip() == str(
            math.factorial(number)
        )


@pytest.mark.skipif("csharp" not in WANTED, reason="not wanted")
def test_the_types_of_the_client_in_csharp() -> None:
    folder = WORK / "csharp"
    generate("csharp", folder)
    models = folder / "src/Org.OpenAPITools/Model"

    def members(model: str) -> list[tuple[str, str]]:
        return re.findall(r"public ([\w?]+) (\w+) { get", (models / f"{model}.cs").read_text())

    counts = [("long", "Number"), ("long", "Digits")]
    assert {*counts, ("string", "Factorial")} <= set(members("FactorialResult"))
    assert {*counts, ("long", "TrailingZeros"), ("string", "Scientific")} <= set(
        members("FactorialSummary")
    )
    assert ("long?", "Maximum") in members("Problem")
    interface = (folder / "src/Org.OpenAPITools/Api/FactorialApi.cs").read_text()
    assert "GetFactorialAsync(long number" in interface
