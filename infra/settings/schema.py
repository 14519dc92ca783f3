"""The schema of an environment's file: every setting, its type, its range, and rules between settings."""

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Network, ip_network
from typing import Annotated, Literal, Self, TypeVar

from aws_cdk.region_info import RegionInfo
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
from settings.times import ALARM_MINUTES, LONGEST_WATCH, check_times

T = TypeVar("T")

BALANCER_SUBNET = 27
"""An Application Load Balancer needs a subnet of at least this prefix with 8 free addresses."""

RESERVED_ADDRESSES = 5 + 8
"""Addresses in each subnet that tasks cannot use: AWS reserves five, and a balancer needs eight."""

EDGE_REGION = "us-east-1"
"""CloudFront takes certificates and firewalls from this region only, and sends its metrics there."""


def _network(text: str) -> str:
    ip_network(text)
    return text


def _vpc_network(text: str) -> str:
    if not 16 <= IPv4Network(text).prefixlen <= 28:
        raise ValueError(f"{text}: a VPC has a prefix of 16 to 28 bits")
    return text


def _client(text: str) -> str:
    return text if text.startswith("pl-") else _network(text)


def _region(text: str) -> str:
    known = sorted(region.name for region in RegionInfo.regions)
    if text not in known:
        raise ValueError(f"AWS has no region {text}: it has {', '.join(known)}")
    return text


def matching(pattern: str) -> StringConstraints:
    """The pattern has to match the whole text."""
    return StringConstraints(pattern=rf"^(?:{pattern})$")


HOST_NAME = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
ZONE_ID = r"Z[A-Z0-9]{1,31}"
CERTIFICATE_ARN = r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/\S+"
LOAD_BALANCING_ARN = r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}"

Name = Annotated[str, matching(r"[a-z][a-z0-9-]{1,30}")]
EnvironmentName = Annotated[str, matching(r"[a-z][a-z0-9]{1,15}")]
Account = Annotated[str, matching(r"\d{12}")]
HostName = Annotated[str, matching(HOST_NAME)]
HostNameOrNone = Annotated[str, matching(f"|{HOST_NAME}")]
ZoneId = Annotated[str, matching(ZONE_ID)]
ZoneIdOrNone = Annotated[str, matching(f"|{ZONE_ID}")]
Region = Annotated[str, AfterValidator(_region)]
AvailabilityZone = Annotated[str, matching(r"[a-z]{2}(?:-[a-z]+)+-\d[a-z]")]
Cidr = Annotated[str, AfterValidator(_network)]
VpcCidr = Annotated[str, AfterValidator(_vpc_network)]
Client = Annotated[str, AfterValidator(_client)]
SubnetId = Annotated[str, matching(r"subnet-[0-9a-f]{8,17}")]
CertificateArn = Annotated[str, matching(CERTIFICATE_ARN)]
CertificateArnOrNone = Annotated[str, matching(f"|{CERTIFICATE_ARN}")]
Email = Annotated[str, matching(r"[^@\s]+@[^@\s]+\.[^@\s]+")]
Pair = Annotated[list[T], Field(min_length=2, max_length=2)]
Percent = Annotated[float, Field(gt=0, le=100, strict=False)]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
Days = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365]
BucketDays = Annotated[int, Field(ge=1, le=3653)]


class Section(BaseModel):
    """A table of the file. An unknown key is an error, because it is probably misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Registry(Section):
    repository: Annotated[str, matching(r"[a-z0-9][a-z0-9._/-]{1,255}")]
    create: bool
    candidate_days: Annotated[int, Field(ge=1, le=365)]


class Delivery(Section):
    github_repository: Annotated[str, matching(r"[A-Za-z0-9-]+(?:@\d+)?/[A-Za-z0-9._-]+(?:@\d+)?")]
    github_environment: Annotated[str, matching(r"[A-Za-z0-9_-]+")]
    oidc_provider_arn: Annotated[str, matching(r"|arn:aws[a-z-]*:iam::\d{12}:oidc-provider/\S+")]
    qualifier: Annotated[str, matching(r"[a-z0-9]{1,10}")]

    @property
    def repository_name(self) -> str:
        """`owner/name`, without the numbers that GitHub's tokens may carry."""
        return "/".join(part.partition("@")[0] for part in self.github_repository.split("/"))


class NewNetwork(Section):
    kind: Literal["new"]
    cidr: VpcCidr
    egress: Literal["nat", "endpoints", "public"]
    nat_gateways: Literal[1, 2] = 1
    flow_log_days: Days

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


class MadeBalancer(Section):
    """A balancer that this environment makes: its own, or a central one that others may join."""

    kind: Literal["own", "central"]
    scheme: Literal["internet-facing", "internal"]
    clients: Annotated[list[Client], Field(min_length=1)]
    idle_timeout: Seconds
    tls_policy: Literal[
        "TLS13_13", "TLS13_13_PQ", "TLS13_RES", "TLS13_12_RES_PQ", "FIPS_TLS13_12_RES_PQ"
    ]
    dual_stack: bool
    deletion_protection: bool
    access_log_days: BucketDays
    certificate_arns: list[CertificateArn]

    @property
    def priority(self) -> int:
        """The priority of this environment's rule among those of others."""
        return 100


class SharedBalancer(Section):
    """An existing central balancer, to which this environment adds rules and a certificate."""

    kind: Literal["shared"]
    scheme: Literal["internet-facing", "internal"]
    listener_arn: Annotated[
        str, matching(rf"{LOAD_BALANCING_ARN}:listener/app/[^/]+/[0-9a-f]+/[0-9a-f]+")
    ]
    full_name: Annotated[str, matching(r"app/[^/]+/[0-9a-f]+")]
    security_group_id: Annotated[str, matching(r"sg-[0-9a-f]{8,17}")]
    dns_name: HostName
    zone_id: ZoneId
    idle_timeout: Seconds
    priority: Annotated[int, Field(ge=2, le=50_000)]

    @model_validator(mode="after")
    def _one_balancer(self) -> Self:
        if f":listener/{self.full_name}/" not in self.listener_arn:
            raise ValueError(f"listener_arn is not of the balancer with full_name {self.full_name}")
        return self

    @property
    def arn(self) -> str:
        listener, _, _ = self.listener_arn.rpartition("/")
        return listener.replace(":listener/", ":loadbalancer/")


class Firewall(Section):
    """The firewall of the balancer, or of the edge if there is one."""

    requests_per_source: Annotated[int, Field(ge=0, le=2_000_000_000)]
    window_seconds: Literal[60, 120, 300, 600]

    @model_validator(mode="after")
    def _rate(self) -> Self:
        if 0 < self.requests_per_source < 10:
            raise ValueError("requests_per_source: 0 for no firewall, or at least 10")
        return self


class Edge(Section):
    """CloudFront. The balancer's ARN and name are outputs of the service stack; empty until it exists."""

    enabled: bool
    certificate_arn: CertificateArnOrNone
    balancer_arn: Annotated[
        str, matching(rf"|{LOAD_BALANCING_ARN}:loadbalancer/app/[^/]+/[0-9a-f]+")
    ]
    balancer_dns_name: HostNameOrNone
    price_class: Literal["100", "200", "ALL"]
    log_days: BucketDays
    hit_percent: Percent

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.balancer_arn) != bool(self.balancer_dns_name):
            raise ValueError("balancer_arn and balancer_dns_name come together")
        if self.certificate_arn and f":{EDGE_REGION}:" not in self.certificate_arn:
            raise ValueError(
                f"certificate_arn: CloudFront takes certificates of {EDGE_REGION} only"
            )
        return self


class Domain(Section):
    """The service's name. Outside Route 53, zone_id and zone_name are empty."""

    host: HostName
    zone_id: ZoneIdOrNone
    zone_name: HostNameOrNone
    certificate_arn: CertificateArnOrNone

    @model_validator(mode="after")
    def _in_zone(self) -> Self:
        if bool(self.zone_id) != bool(self.zone_name):
            raise ValueError("zone_id and zone_name come together")
        if not self.zone_id and not self.certificate_arn:
            raise ValueError(
                "certificate_arn is needed without a zone: "
                "a certificate can be validated here only through a zone of Route 53"
            )
        inside = self.host == self.zone_name or self.host.endswith("." + self.zone_name)
        if self.zone_name and not inside:
            raise ValueError(f"host {self.host} is not in the zone {self.zone_name}")
        return self


class Task(Section):
    cpu: int
    memory: int
    architecture: Literal["x86_64", "arm64"]
    spot: bool
    cors_origin: Annotated[str, matching(r"none|\*|https?://[^\s\"/]+")]
    largest_number: Annotated[int, Field(ge=1000, le=image.LARGEST_NUMBER)]

    @model_validator(mode="after")
    def _sold(self) -> Self:
        if self.cpu not in SIZES:
            raise ValueError(f"cpu {self.cpu}: Fargate has {', '.join(map(str, SIZES))}")
        if self.memory not in SIZES[self.cpu]:
            sold = ", ".join(map(str, SIZES[self.cpu]))
            raise ValueError(f"memory {self.memory}: with cpu {self.cpu} Fargate has {sold}")
        return self


class Deployment(Section):
    """How new tasks replace old ones."""

    strategy: Literal["rolling", "canary"]
    canary_percent: Annotated[float, Field(ge=1, le=50, strict=False)]
    canary_minutes: Minutes
    bake_minutes: Minutes
    alarms_roll_back: bool

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        for name in ("canary_minutes", "bake_minutes"):
            if getattr(self, name) < ALARM_MINUTES:
                raise ValueError(
                    f"{name} {getattr(self, name)} must be at least {ALARM_MINUTES}: "
                    "an alarm that is to roll a deployment back needs that long to rise"
                )
        watched = self.canary_minutes + self.bake_minutes
        if watched > LONGEST_WATCH:
            raise ValueError(
                f"canary_minutes and bake_minutes together are {watched}, and {LONGEST_WATCH} is the "
                "most: a workflow that deploys has credentials for an hour"
            )
        return self


class Scaling(Section):
    """With the same minimum and maximum there is no scaling."""

    minimum: Annotated[int, Field(ge=1)]
    maximum: Annotated[int, Field(ge=1)]
    cpu_percent: Percent

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.maximum < self.minimum:
            raise ValueError(f"maximum {self.maximum} is less than minimum {self.minimum}")
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
    name: EnvironmentName
    account: Account
    region: Region
    production: bool
    registry: Registry
    delivery: Delivery
    network: Annotated[NewNetwork | ExistingNetwork, Field(discriminator="kind")]
    balancer: Annotated[MadeBalancer | SharedBalancer, Field(discriminator="kind")]
    firewall: Firewall
    domain: Domain
    edge: Edge
    task: Task
    deployment: Deployment
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

    @property
    def firewall_on_balancer(self) -> bool:
        """With the edge the balancer sees only CloudFront's addresses, so the firewall is at the edge."""
        return self.firewall.requests_per_source > 0 and not self.edge.enabled

    @property
    def internal_only(self) -> bool:
        """The service can be reached only from the VPC and the networks joined to it."""
        return self.balancer.scheme == "internal" and not self.edge.enabled

    @property
    def deployment_test(self) -> bool:
        """Whether a Lambda function tests: before traffic moves, or because a workflow cannot reach the
        service."""
        return self.deployment.strategy == "canary" or self.internal_only

    @property
    def origin(self) -> tuple[str, str]:
        """ARN and DNS name of the balancer behind the edge; empty while it does not exist."""
        if self.balancer.kind == "shared":
            return self.balancer.arn, self.balancer.dns_name
        return self.edge.balancer_arn, self.edge.balancer_dns_name

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
        yield from self._network_disagreements()
        if self.production and self.task.spot:
            yield "task: spot is not for production: AWS may take Spot's tasks away at any time"
        if self.production and self.scaling.minimum < 2:
            yield "scaling: production needs a minimum of 2: one task for each zone"
        if not self.registry.create and not self.delivery.oidc_provider_arn:
            yield (
                "delivery: oidc_provider_arn is needed with registry.create = false: "
                "the account has the provider already, and takes no second one"
            )
        if self.balancer.kind == "shared" and self.firewall_on_balancer:
            yield "firewall: requests_per_source must be 0: the firewall of a shared balancer is its owner's"
        if self.edge.enabled and self.balancer.scheme != "internal":
            yield 'edge: the balancer behind it needs scheme = "internal", or the edge could be passed by'
        if self.edge.enabled and not self.domain.zone_id and not self.edge.certificate_arn:
            yield f"edge: certificate_arn is needed without a zone: a certificate of {EDGE_REGION}"

    def _network_disagreements(self) -> Iterator[str]:
        network = self.network
        if network.kind == "existing":
            for zone in network.zones:
                if zone[:-1] != self.region:
                    yield f"network: zone {zone} is not in region {self.region}"
            return
        if self.balancer.kind == "shared":
            yield (
                "network: a shared balancer reaches only the tasks in its own VPC: "
                'give that one, kind = "existing"'
            )
        # The CDK gives two kinds of subnets in two zones a quarter of the VPC each.
        subnet = IPv4Network(network.cidr).prefixlen + 2
        if subnet > BALANCER_SUBNET:
            yield (
                f"network: cidr {network.cidr} is too small: its four subnets would be /{subnet}, "
                f"and a load balancer takes none that is smaller than /{BALANCER_SUBNET}"
            )
        # While a deployment runs there are twice the tasks; they are spread over two zones.
        free = 2 ** (32 - subnet) - RESERVED_ADDRESSES
        if subnet <= BALANCER_SUBNET and self.scaling.maximum > free:
            yield (
                f"network: cidr {network.cidr} has {free} addresses for tasks in each zone, and a "
                f"deployment of scaling.maximum = {self.scaling.maximum} tasks needs as many"
            )
