"""The registry stack: the repository."""

import pytest

from templates import flat, stacks_of, template
from variants import ALL, settings

CREATING = [name for name in ALL if name != "existing"]


@pytest.mark.parametrize("name", CREATING)
def test_tags_are_immutable_except_latest_and_images_are_scanned(name: str) -> None:
    repository = template(name, "registry").one("ECR::Repository")
    assert repository["RepositoryName"] == settings(name).registry.repository
    assert repository["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert repository["ImageTagMutabilityExclusionFilters"] == [
        {
            "ImageTagMutabilityExclusionFilterType": "WILDCARD",
            "ImageTagMutabilityExclusionFilterValue": "latest",
        }
    ]
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository.body["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_second_environment_of_an_account_makes_no_second_repository() -> None:
    assert "registry" not in stacks_of("existing")


@pytest.mark.parametrize("name", ALL)
def test_what_comes_before_the_service_needs_no_image_and_waits_for_nothing(name: str) -> None:
    for stack in {"permissions", "registry", "network"} & set(stacks_of(name)):
        assert "ImportValue" not in flat(template(name, stack).body)
        assert "sha256:" not in flat(template(name, stack).body)
