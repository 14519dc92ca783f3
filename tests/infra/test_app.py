"""The app as a whole: what it must not contain, and what it must not need."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import main
from assembly import ImageError, add_environment, new_app
from templates import RESOURCES, template
from variants import ALL, DIGEST, FILES, assembly, settings

APP = Path(__file__).parent.parent.parent / "infra" / "app.py"


@pytest.mark.parametrize("stack", RESOURCES)
@pytest.mark.parametrize("name", ALL)
def test_no_custom_resource_no_function_no_asset(name: str, stack: str) -> None:
    kinds = {resource.type for resource in template(name, stack).resources}
    assert not any(kind.startswith(("Custom::", "AWS::Lambda::")) for kind in kinds)
    assert "AWS::CloudFormation::CustomResource" not in kinds
    assert "AWS::CDK::Metadata" not in kinds
    assert set(template(name, stack).body["Parameters"]) == {"BootstrapVersion"}
    path = Path(assembly().directory) / f"{settings(name).prefix}-{stack}.assets.json"
    assets = json.loads(path.read_text(encoding="utf-8"))
    assert assets.get("dockerImages", {}) == {}
    (only,) = assets["files"].values()
    assert only["source"]["path"].endswith(".template.json")


def test_nothing_is_looked_up() -> None:
    manifest = json.loads((Path(assembly().directory) / "manifest.json").read_text("utf-8"))
    assert manifest.get("missing", []) == []


@pytest.mark.parametrize("name", ALL)
def test_what_is_made_can_be_told_by_its_tags(name: str) -> None:
    expected = {"application": "mod-factorial", "environment": name}
    for kind in ("ECS::Service", "ECS::Cluster", "SNS::Topic"):
        given = {tag["Key"]: tag["Value"] for tag in template(name, "service").one(kind)["Tags"]}
        assert expected.items() <= given.items()


@pytest.mark.parametrize(
    "image", ["latest", "", "0123abc", "sha256:0123", "a" * 40 + "-rc", "example.org/x@" + DIGEST]
)
def test_an_image_that_may_change_is_refused(image: str) -> None:
    with pytest.raises(ImageError, match="neither sha256:<64 hex digits> nor a commit's 40"):
        add_environment(new_app(), settings("dev"), image)


def test_the_program_tells_what_is_wrong_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--image", DIGEST, "--environment", "test"]) == 2
    assert "no environment 'test'" in capsys.readouterr().err
    assert main(["--image", "latest"]) == 2
    assert "image 'latest'" in capsys.readouterr().err


def test_the_templates_need_neither_credentials_nor_a_network(tmp_path: Path) -> None:
    """In a network namespace without any interface, with an empty environment and home."""
    cut_off = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*cut_off, "true"], check=False).returncode != 0:  # noqa: S603
        pytest.skip("this machine lets nobody make a namespace")
    node = shutil.which("node")
    assert node is not None
    subprocess.run(  # noqa: S603
        [*cut_off, sys.executable, APP, "--image", DIGEST, "--output", tmp_path / "out"],
        check=True,
        env={"PATH": f"{Path(node).parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
        timeout=600,
    )
    written = {path.name for path in (tmp_path / "out").glob("*.template.json")}
    assert written == {
        f"{settings(name).prefix}-{stack}.template.json" for name in FILES for stack in RESOURCES
    }
