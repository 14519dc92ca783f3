"""The form of an environment's file: every setting, its type, its range, and how settings agree."""

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from settings import image
from settings.budget import Budget, budget_of
from settings.fargate import SIZES
from settings.times import check_times

T = TypeVar("T")


def _network(text: str) -> str:
    network = IPv4Network(text)
    if not 16 <= network.prefixlen <= 28:
        raise ValueError(f"{text}: a VPC and its subnets have 16 to 28 bits")
    return text


def matching(pattern: str) -> StringConstraints:
    """The whole of a text has to match."""
    return StringConstraints(pattern=rf"^(?:{pattern})$")


Name = Annotated[str, matching(r"[a-z][a-z0-9-]{1,30}")]
HostName = Annotated[str, matching(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")]
ZoneId = Annotated[str, matching(r"Z[A-Z0-9]{1,31}")]
Region = Annotated[str, matching(r"[a-z]{2}(?:-[a-z]+)+-\d")]
AvailabilityZone = Annotated[str, matching(r"[a-z]{2}(?:-[a-z]+)+-\d[a-z]")]
Cidr = Annotated[str, AfterValidator(_network)]
SubnetId = Annotated[str, matching(r"subnet-[0-9a-f]{8,17}")]
Email = Annotated[str, matching(r"[^@\s]+@[^@\s]+\.[^@\s]+")]
Pair = Annotated[list[T], Field(min_length=2, max_length=2)]
Percent = Annotated[float, Field(gt=0, le=100, strict=False)]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Days = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365]


class Section(BaseModel):
    """A table of the file. A key that it does not know is an error, for it is a misspelt one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Registry(Section):
    repository: Annotated[str, matching(r"[a-z0-9][a-z0-9._/-]{1,255}")]
    create: bool
    candidate_days: Annotated[int, Field(ge=1, le=365)]
    untagged_days: Annotated[int, Field(ge=1, le=365)]


class Delivery(Section):
    github_repository: Annotated[str, matching(r"[A-Za-z0-9-]+(?:@\d+)?/[A-Za-z0-9._-]+(?:@\d+)?")]
    github_environment: Annotated[str, matching(r"[A-Za-z0-9_-]+")]
    oidc_provider_arn: Annotated[
        str, matching(r"|arn:aws[a-z-]*:iam::\d{12}:oidc-provider/\S+")
    ] = ""


class NewNetwork(Section):
    kind: Literal["new"]
    cidr: Cidr
    egress: Literal["nat", "endpoints", "public"]
    nat_gateways: Literal[1, 2] = 1
    flow_log_days: Days = 14

    @property
    def tasks_are_public(self) -> bool:
        return self.egress == "public"

    @property
    def proxies(self) -> list[str]:
        return [self.cidr]


class ExistingNetwork(Section):
    kind: Literal["existing"]
    vpc_id: Annotated[str, matching(r"vpc-[0-9a-f]{8,17}")]
    zones: Pair[AvailabilityZone]
    balancer_subnet_ids: Pair[SubnetId]
    task_subnet_ids: Pair[SubnetId]
    tasks_are_public: bool
    proxies: Annotated[list[Cidr], Field(min_length=1)]

    @model_validator(mode="after")
    def _two_zones(self) -> Self:
        for name in ("zones", "balancer_subnet_ids", "task_subnet_ids"):
            first, second = getattr(self, name)
            if first == second:
                raise ValueError(f"{name} are to be two different ones, not {first} twice")
        return self


class OwnBalancer(Section):
    kind: Literal["own"]
    idle_timeout: Seconds
    tls_policy: Literal[
        "TLS13_13", "TLS13_13_PQ", "TLS13_RES", "TLS13_12_RES_PQ", "FIPS_TLS13_12_RES_PQ"
    ]
    dual_stack: bool
    deletion_protection: bool
    access_log_days: Annotated[int, Field(ge=1, le=3653)]
    requests_per_source: Annotated[int, Field(ge=0, le=2_000_000_000)]

    @model_validator(mode="after")
    def _rate(self) -> Self:
        if 0 < self.requests_per_source < 10:
            raise ValueError("requests_per_source: 0 for no rule, or at least 10 in five minutes")
        return self


class SharedBalancer(Section):
    kind: Literal["shared"]
    listener_arn: Annotated[
        str,
        matching(
            r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:listener/app/[^/]+/[0-9a-f]+/[0-9a-f]+"
        ),
    ]
    full_name: Annotated[str, matching(r"app/[^/]+/[0-9a-f]+")]
    security_group_id: Annotated[str, matching(r"sg-[0-9a-f]{8,17}")]
    dns_name: HostName
    zone_id: ZoneId
    idle_timeout: Seconds
    priority: Annotated[int, Field(ge=1, le=50_000)]

    @model_validator(mode="after")
    def _one_balancer(self) -> Self:
        if f":listener/{self.full_name}/" not in self.listener_arn:
            raise ValueError(f"listener_arn is not of the balancer with full_name {self.full_name}")
        return self

    @property
    def arn(self) -> str:
        listener, _, _ = self.listener_arn.rpartition("/")
        return listener.replace(":listener/", ":loadbalancer/")


class Domain(Section):
    host: HostName
    zone_id: ZoneId
    zone_name: HostName

    @model_validator(mode="after")
    def _in_zone(self) -> Self:
        if self.host != self.zone_name and not self.host.endswith("." + self.zone_name):
            raise ValueError(f"host {self.host} is not in the zone {self.zone_name}")
        return self


class Task(Section):
    cpu: int
    memory: int
    architecture: Literal["x86_64", "arm64"]
    scratch: Literal["tmpfs", "volume"]
    largest_number: Annotated[int, Field(ge=1000, le=image.LARGEST_NUMBER)]

    @model_validator(mode="after")
    def _sold(self) -> Self:
        if self.cpu not in SIZES:
            raise ValueError(f"cpu {self.cpu}: Fargate has {', '.join(map(str, SIZES))}")
        if self.memory not in SIZES[self.cpu]:
            sold = ", ".join(map(str, SIZES[self.cpu]))
            raise ValueError(f"memory {self.memory}: with cpu {self.cpu} Fargate has {sold}")
        return self


class Scaling(Section):
    desired: Annotated[int, Field(ge=2)]
    maximum: Annotated[int, Field(ge=2)]
    cpu_percent: Percent
    requests_per_minute: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.maximum < self.desired:
            raise ValueError(f"maximum {self.maximum} is less than desired {self.desired}")
        return self


class Times(Section):
    queue: Seconds
    computing: Seconds
    sending: Seconds
    keep_alive: Seconds
    deregistration_delay: Annotated[int, Field(ge=0, le=3600)]
    graceful_shutdown: Seconds
    stop: Seconds


class Logs(Section):
    days: Days
    buffer_mib: Annotated[int, Field(ge=1, le=100)]
    level: Literal["debug", "info", "notice", "warn", "error"]


class Alarms(Section):
    emails: list[Email]
    error_percent: Percent
    minimum_requests: Annotated[int, Field(ge=1)]
    refusals: Annotated[int, Field(ge=1)]
    cpu_percent: Percent
    monthly_dollars: Annotated[int, Field(ge=1)]


class Environment(Section):
    """One environment, as its file says it."""

    application: Name
    name: Name
    region: Region
    registry: Registry
    delivery: Delivery
    network: Annotated[NewNetwork | ExistingNetwork, Field(discriminator="kind")]
    balancer: Annotated[OwnBalancer | SharedBalancer, Field(discriminator="kind")]
    domain: Domain
    task: Task
    scaling: Scaling
    times: Times
    logs: Logs
    alarms: Alarms

    @cached_property
    def budget(self) -> Budget:
        task = self.task
        return budget_of(task.cpu, task.memory, self.times.computing, task.largest_number)

    @property
    def prefix(self) -> str:
        return f"{self.application}-{self.name}"

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        wrong = list(self._disagreements())
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def _disagreements(self) -> Iterator[str]:
        yield from (
            f"times: {message}"
            for message in check_times(
                self.times, self.balancer.idle_timeout, self.budget.largest_answer_bytes
            )
        )
        if self.network.kind == "existing":
            for zone in self.network.zones:
                if zone[:-1] != self.region:
                    yield f"network: zone {zone} is not in region {self.region}"
        if self.balancer.kind == "shared" and self.network.kind == "new":
            yield (
                "network: a shared balancer reaches only the tasks in its own VPC: "
                'give that one, kind = "existing"'
            )
        if not self.registry.create and not self.delivery.oidc_provider_arn:
            yield (
                "delivery: oidc_provider_arn is needed with registry.create = false: "
                "the account has the provider already, and takes no second one"
            )
