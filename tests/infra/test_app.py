"""The app as a whole: what it must not contain, and what it must not need."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import main
from assembly import ImageError, add_environment, new_app
from settings.deployable import obstacles
from settings.load import parse
from templates import stacks_of, template
from variants import ALL, DIGEST, FILES, assembly, changed, settings

APP = Path(__file__).parent.parent.parent / "infra" / "app.py"


@pytest.mark.parametrize("name", ALL)
def test_no_custom_resource_no_asset(name: str) -> None:
    for stack in stacks_of(name):
        kinds = {resource.type for resource in template(name, stack).resources}
        assert not any(kind.startswith(("Custom::", "AWS::CloudFormation::")) for kind in kinds)
        assert "AWS::CDK::Metadata" not in kinds
        path = Path(assembly().directory) / f"{settings(name).prefix}-{stack}.assets.json"
        if path.exists():
            assets = json.loads(path.read_text(encoding="utf-8"))
            assert assets.get("dockerImages", {}) == {}
            (only,) = assets["files"].values()
            assert only["source"]["path"].endswith(".template.json")


LONGEST_TEMPLATE = 51_200
"""Bytes that CloudFormation takes without a bucket, as conf/delivery/deploy-plan sends them, on one line."""


@pytest.mark.parametrize("name", ALL)
def test_a_template_is_small_enough_to_be_sent_without_a_bucket(name: str) -> None:
    for stack in stacks_of(name):
        size = len(json.dumps(template(name, stack).body, separators=(",", ":")))
        assert size <= LONGEST_TEMPLATE, (
            f"the template of {settings(name).prefix}-{stack} has {size:,} bytes: "
            f"deploy-plan cannot send more than {LONGEST_TEMPLATE:,}"
        )


@pytest.mark.parametrize("name", ALL)
def test_every_stack_is_pinned_to_the_files_account(name: str) -> None:
    chosen = settings(name)
    for stack in stacks_of(name):
        artifact = assembly().get_stack_by_name(f"{chosen.prefix}-{stack}")
        region = "us-east-1" if stack in ("certificate", "edge") else chosen.region
        assert (artifact.environment.account, artifact.environment.region) == (
            chosen.account,
            region,
        )


def test_nothing_is_looked_up() -> None:
    manifest = json.loads((Path(assembly().directory) / "manifest.json").read_text("utf-8"))
    assert manifest.get("missing", []) == []


@pytest.mark.parametrize("name", ALL)
def test_what_is_made_can_be_told_by_its_tags(name: str) -> None:
    expected = {"application": "mod-factorial", "environment": name}
    for kind in ("ECS::Service", "ECS::Cluster", "SNS::Topic"):
        given = {tag["Key"]: tag["Value"] for tag in template(name, "service").one(kind)["Tags"]}
        assert expected.items() <= given.items()


@pytest.mark.parametrize("name", ALL)
def test_a_first_deployment_that_fails_leaves_nothing_in_the_way_of_the_next(name: str) -> None:
    """CloudFormation undoes it only if it can delete all that was made, or keep it under no fixed name."""
    for stack in stacks_of(name):
        for resource in template(name, stack).resources:
            policy = resource.body.get("DeletionPolicy")
            if resource.type == "AWS::S3::Bucket":
                # A bucket is not empty from the moment on that a balancer logs to it.
                assert policy == "Retain"
                assert resource.get("BucketName") is None
            else:
                assert policy in (None, "Delete", "RetainExceptOnCreate")


@pytest.mark.parametrize("name", FILES)
def test_the_files_protect_no_balancer_that_has_not_served_yet(name: str) -> None:
    assert settings(name).balancer.deletion_protection is False


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
        env={
            "PATH": f"{Path(node).parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            # Where the CDK has unpacked itself already.
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(Path.home() / ".cache/aws/jsii/package-cache"),
        },
        timeout=600,
    )
    written = {path.name for path in (tmp_path / "out").glob("*.template.json")}
    assert written == {
        f"{settings(name).prefix}-{stack}.template.json"
        for name in FILES
        for stack in stacks_of(name)
    }


def test_example_values_are_refused_one_by_one_where_something_is_deployed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDK_DEFAULT_ACCOUNT", raising=False)
    assert main(["--image", DIGEST, "--environment", "prod", "--deployable"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "prod.toml: account is the example 111122223333",
        "prod.toml: delivery.github_repository is the example example-org/mod_factorial",
        "prod.toml: domain.zone_id is the example Z0EXAMPLEPROD",
        "prod.toml: domain.host is the example factorial.example.org",
        "prod.toml: domain.zone_name is the example example.org",
        "prod.toml: alarms.emails is empty: nobody would be told of an alarm",
    ]
    assert '"python3 app.py --deployable ' in (APP.parent / "cdk.json").read_text("utf-8")


REAL = parse(
    changed(
        "dev",
        account="222233334444",
        delivery={"github_repository": "owner/name"},
        domain={"host": "n.owner.test", "zone_name": "owner.test", "zone_id": "Z0123"},
        alarms={"emails": ["duty@owner.test"]},
    ),
    "dev",
)


def test_a_complete_file_is_deployable_with_credentials_of_its_account_only() -> None:
    assert obstacles(REAL, "") == []
    assert obstacles(REAL, "222233334444") == []
    assert obstacles(REAL, "333344445555") == [
        "dev.toml: account is 222233334444, and these are credentials of 333344445555"
    ]
