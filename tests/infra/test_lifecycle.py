"""The registry's life-cycle policy applied to a list of images, as ECR says it applies one."""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pytest

from templates import template

COMMIT = {name: f"{number:040x}" for number, name in enumerate(("old", "running", "next"), 1)}


@dataclass(frozen=True)
class Image:
    """`parts` are the images that a multi-platform index refers to; they have no tags of their own.

    A statement about an image (an OCI referrer) is an image without a tag too.
    """

    name: str
    age_days: int
    tags: tuple[str, ...] = ()
    parts: tuple[str, ...] = field(default=())


def expired(policy: dict[str, Any], images: list[Image]) -> set[str]:
    """Rules in order of priority; an image is taken if any of its tags matches, whatever its others
    are; one that an index refers to is not taken before the index."""
    held = {part for image in images for part in image.parts}
    taken: set[str] = set()
    for rule in sorted(policy["rules"], key=lambda rule: rule["rulePriority"]):
        selection = rule["selection"]
        assert rule["action"] == {"type": "expire"}
        assert (selection["countType"], selection["countUnit"]) == ("sinceImagePushed", "days")
        for image in images:
            if selection["tagStatus"] == "untagged":
                matches = not image.tags
            else:
                matches = all(
                    any(fnmatchcase(tag, pattern) for tag in image.tags)
                    for pattern in selection["tagPatternList"]
                )
            if matches and image.age_days > selection["countNumber"] and image.name not in held:
                taken.add(image.name)
    return taken


@pytest.fixture(params=["dev", "prod"])
def policy(request: pytest.FixtureRequest) -> dict[str, Any]:
    repository = template(request.param, "registry").one("ECR::Repository")
    return json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])


def test_what_runs_and_what_one_may_go_back_to_is_never_taken(policy: dict[str, Any]) -> None:
    years = 3650
    images = [
        Image("first release", years, (COMMIT["old"],)),
        Image("running", 400, (COMMIT["running"], "latest"), parts=("amd64", "arm64")),
        Image("amd64", 400),
        Image("arm64", 400),
        Image("provenance", years),
        Image("bill of materials", years),
        Image("release whose commit ends like one", years, ("f" * 38 + "cc",)),
    ]
    assert expired(policy, images) == set()


def test_candidates_go_after_two_weeks(policy: dict[str, Any]) -> None:
    rc = COMMIT["next"] + "-rc"
    images = [
        Image("candidate of a fortnight", 14, (rc,)),
        Image("candidate of fifteen days", 15, (rc,)),
    ]
    assert expired(policy, images) == {"candidate of fifteen days"}


def test_promotion_has_to_take_the_candidates_tag_off(policy: dict[str, Any]) -> None:
    """The reason why the delivery role may take tags off: ECR matches an image by any one tag."""
    both = (COMMIT["running"], "latest", COMMIT["running"] + "-rc")
    assert expired(policy, [Image("half promoted", 15, both)]) == {"half promoted"}
    assert expired(policy, [Image("promoted", 15, both[:2])]) == set()


def test_no_rule_counts_images(policy: dict[str, Any]) -> None:
    """A number of images to keep would one day reach the one that runs."""
    assert {rule["selection"]["countType"] for rule in policy["rules"]} == {"sinceImagePushed"}
    assert "any" not in {rule["selection"]["tagStatus"] for rule in policy["rules"]}
