"""Third, and again for every image: the service behind its balancer, and the watch over it."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from parts.dashboard import Dashboard
from parts.domain import ServiceName
from parts.own_balancer import OwnLoadBalancer
from parts.refusals import Refusals
from parts.scaling import ServiceScaling
from parts.service import Service
from parts.service_alarms import ServiceAlarms
from parts.shared_balancer import SharedLoadBalancer
from parts.spending import SpendingAlarm
from parts.target_alarms import TargetAlarms
from parts.target_group import TargetGroup
from parts.target_metrics import TargetMetrics
from parts.task import Task
from parts.topic import AlarmTopic
from parts.web_acl import RateLimit
from settings.schema import Environment
from stacks.network import NetworkStack


class ServiceStack(Stack):
    """Runs an image that the registry has already: `image` is its digest or its commit's tag."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        settings: Environment,
        *,
        network: NetworkStack,
        image: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, id, **kwargs)
        name = ServiceName(self, "Name", settings.domain)
        targets = TargetGroup(
            self,
            "Targets",
            vpc=network.vpc,
            deregistration_delay=settings.times.deregistration_delay,
        )
        balancer = self._balancer(settings, network, name, targets)
        name.point_to(balancer.alb)

        task = Task(self, "Task", settings, image)
        topic = AlarmTopic(
            self, "Topic", name=f"{settings.prefix}-alarms", emails=settings.alarms.emails
        )
        metrics = TargetMetrics(balancer.full_name, targets)
        refusals = Refusals(self, "Refusals", task.log, f"{settings.application}/{settings.name}")
        target_alarms = TargetAlarms(
            self,
            "TargetAlarms",
            settings=settings,
            metrics=metrics,
            refusals=refusals,
            topic=topic,
        )
        service = Service(
            self,
            "Service",
            settings=settings,
            vpc=network.vpc,
            subnets=network.task_subnets,
            security_group=network.groups.task,
            definition=task.definition,
            targets=targets,
            rollback_alarms=target_alarms.rollback,
        ).fargate
        # Targets can be registered only once a listener leads to their group.
        service.node.add_dependency(balancer.listener)
        ServiceScaling(self, "Scaling", service=service, metrics=metrics, settings=settings.scaling)
        service_alarms = ServiceAlarms(
            self, "ServiceAlarms", settings=settings, service=service, topic=topic
        )
        Dashboard(
            self,
            "Dashboard",
            name=settings.prefix,
            alarms=[*target_alarms.all, *service_alarms.all],
            metrics=metrics,
            refusals=refusals,
            service=service,
        )
        SpendingAlarm(
            self,
            "Spending",
            name=settings.prefix,
            monthly_dollars=settings.alarms.monthly_dollars,
            topic=topic,
        )
        CfnOutput(self, "Url", value=f"https://{settings.domain.host}/")
        CfnOutput(self, "Image", value=image, description="Deploy this again to come back here")

    def _balancer(
        self,
        settings: Environment,
        network: NetworkStack,
        name: ServiceName,
        targets: elb.ApplicationTargetGroup,
    ) -> OwnLoadBalancer | SharedLoadBalancer:
        if settings.balancer.kind == "shared":
            return SharedLoadBalancer(
                self,
                "Balancer",
                settings=settings.balancer,
                host=settings.domain.host,
                security_group=network.groups.balancer,
                certificate=name.certificate,
                targets=targets,
            )
        balancer = OwnLoadBalancer(
            self,
            "Balancer",
            settings=settings.balancer,
            vpc=network.vpc,
            subnets=network.balancer_subnets,
            security_group=network.groups.balancer,
            certificate=name.certificate,
            targets=targets,
        )
        if settings.balancer.requests_per_source:
            RateLimit(
                self,
                "RateLimit",
                name=settings.prefix,
                alb=balancer.alb,
                requests_per_source=settings.balancer.requests_per_source,
            )
        return balancer
