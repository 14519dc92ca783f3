"""The service behind its balancer, and its alarms. It is deployed for every image."""

from aws_cdk import CfnOutput
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_route53_targets as route53_targets
from constructs import Construct

from parts.alarm import Watch
from parts.balancer import JoinedLoadBalancer, LoadBalancer
from parts.dashboard import Dashboard
from parts.deployment_test import DeploymentTest, name_of
from parts.domain import Records
from parts.listener_rules import ListenerRules
from parts.refusals import Refusals
from parts.service import Service
from parts.service_alarms import ServiceAlarms
from parts.spending import SpendingAlarm
from parts.target_alarms import TargetAlarms
from parts.target_groups import target_groups
from parts.target_metrics import TargetMetrics
from parts.task import Task
from parts.topic import AlarmTopic
from settings.schema import Environment
from stacks.balancer import BalancerStack
from stacks.base import EnvironmentStack
from stacks.network import NetworkStack


class ServiceStack(EnvironmentStack):
    """The service runs an image that is in the registry: `image` is its digest or its commit's tag."""

    def __init__(
        self,
        scope: Construct,
        settings: Environment,
        *,
        network: NetworkStack,
        central: BalancerStack | None,
        image: str,
    ) -> None:
        protected = settings.balancer.kind == "own" and settings.balancer.deletion_protection
        super().__init__(scope, "service", settings, termination_protection=protected)
        balancer = central.balancer if central else self._balancer(settings, network)
        groups = target_groups(self, settings, network.vpc)
        rules = ListenerRules(
            self,
            "Rules",
            listener=balancer.listener,
            host=settings.domain.host,
            priority=settings.balancer.priority,
            groups=groups,
        )
        if not settings.edge.enabled:
            Records(self, "Name", settings.domain, route53_targets.LoadBalancerTarget(balancer.alb))
        test = self._test(settings, network, balancer.alb) if settings.deployment_test else None
        task = Task(self, "Task", settings, image)
        topic = AlarmTopic(
            self, "Topic", name=f"{settings.prefix}-alarms", emails=settings.alarms.emails
        )
        watch = Watch(settings, topic)
        metrics = TargetMetrics(balancer.full_name, groups)
        refusals = Refusals(self, "Refusals", task.log, f"{settings.application}/{settings.name}")
        target_alarms = TargetAlarms(
            self, "TargetAlarms", watch=watch, metrics=metrics, refusals=refusals
        )
        service = Service(
            self,
            "Service",
            settings=settings,
            vpc=network.vpc,
            subnets=network.task_subnets,
            security_group=network.groups.task,
            definition=task.definition,
            groups=groups,
            rules=rules,
            test=test,
            rollback_alarms=target_alarms.rollback,
        ).fargate
        service_alarms = ServiceAlarms(self, "ServiceAlarms", watch=watch, service=service)
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
        CfnOutput(self, "Image", value=image, description="What runs; deploy it again to go back")
        if settings.internal_only:
            CfnOutput(self, "SmokeTest", value=name_of(settings))
        if settings.edge.enabled and not central:
            CfnOutput(self, "BalancerArn", value=balancer.alb.load_balancer_arn)
            CfnOutput(self, "BalancerDnsName", value=balancer.alb.load_balancer_dns_name)

    def _balancer(
        self, settings: Environment, network: NetworkStack
    ) -> LoadBalancer | JoinedLoadBalancer:
        if settings.balancer.kind == "shared":
            return JoinedLoadBalancer(
                self,
                "Balancer",
                environment=settings,
                settings=settings.balancer,
                security_group=network.groups.balancer,
            )
        return LoadBalancer(
            self,
            "Balancer",
            environment=settings,
            settings=settings.balancer,
            vpc=network.vpc,
            subnets=network.balancer_subnets,
            security_group=network.groups.balancer,
        )

    def _test(
        self, settings: Environment, network: NetworkStack, alb: elb.IApplicationLoadBalancer
    ) -> DeploymentTest:
        return DeploymentTest(
            self,
            "DeploymentTest",
            settings=settings,
            alb=alb,
            vpc=network.vpc,
            subnets=network.task_subnets,
            security_group=network.groups.test,
        )
