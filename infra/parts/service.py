"""The service: the number of tasks, their network, and how a deployment replaces them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from parts.listener_rules import ListenerRules
from parts.task import CONTAINER
from settings.image import PORT
from settings.schema import Environment


class Service(Construct):
    """New tasks start before old ones stop. If the new ones do not start, fail the test or raise an alarm, the
    old ones stay."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Environment,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        security_group: ec2.ISecurityGroup,
        definition: ecs.FargateTaskDefinition,
        groups: list[elb.ApplicationTargetGroup],
        rules: ListenerRules,
        test: lambda_.IFunction | None,
        rollback_alarms: list[cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, id)
        scaling, deployment = settings.scaling, settings.deployment
        scales = scaling.maximum > scaling.minimum
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=settings.prefix,
            vpc=vpc,
            enable_fargate_capacity_providers=settings.task.spot,
        )
        canary = deployment.strategy == "canary"
        self.fargate = ecs.FargateService(
            self,
            "Service",
            service_name=settings.prefix,
            cluster=cluster,
            task_definition=definition,
            # Where scaling decides, a number in the template would undo it with every deployment.
            desired_count=None if scales else scaling.minimum,
            capacity_provider_strategies=(
                [ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)]
                if settings.task.spot
                else None
            ),
            vpc_subnets=subnets,
            security_groups=[security_group],
            assign_public_ip=settings.network.tasks_are_public,
            min_healthy_percent=100,
            max_healthy_percent=200,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            deployment_strategy=(
                ecs.DeploymentStrategy.CANARY if canary else ecs.DeploymentStrategy.ROLLING
            ),
            canary_configuration=(
                ecs.TrafficShiftConfig(
                    step_percent=deployment.canary_percent,
                    step_bake_time=Duration.minutes(deployment.canary_minutes),
                )
                if canary
                else None
            ),
            bake_time=Duration.minutes(deployment.bake_minutes) if canary else None,
            deployment_alarms=(
                ecs.DeploymentAlarmConfig(
                    # Plain names: a reference would close a circle.
                    alarm_names=[f"{settings.prefix}-{alarm.node.id}" for alarm in rollback_alarms],
                    behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
                )
                if deployment.alarms_roll_back
                else None
            ),
            health_check_grace_period=Duration.seconds(30),
            enable_execute_command=False,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # A name alone makes CloudFormation wait for nothing, and ECS wants the alarm to exist.
        self.fargate.node.add_dependency(*rollback_alarms)
        if canary:
            self._test_before_traffic(groups, rules, test)
        else:
            # Targets can be registered only once a listener's rule leads to their group.
            self.fargate.node.add_dependency(rules)
            self.fargate.attach_to_application_target_group(groups[0])
        if scales:
            # By processor load alone: one request may cost a million times another.
            self.fargate.auto_scale_task_count(
                min_capacity=scaling.minimum, max_capacity=scaling.maximum
            ).scale_on_cpu_utilization("Cpu", target_utilization_percent=scaling.cpu_percent)

    def _test_before_traffic(
        self,
        groups: list[elb.ApplicationTargetGroup],
        rules: ListenerRules,
        test: lambda_.IFunction | None,
    ) -> None:
        first, other = groups
        listener = ecs.ListenerRuleConfiguration.application_listener_rule
        self.fargate.load_balancer_target(
            container_name=CONTAINER,
            container_port=PORT,
            alternate_target=ecs.AlternateTarget(
                "OtherTarget",
                alternate_target_group=other,
                production_listener=listener(rules.production),
                test_listener=listener(rules.test),
            ),
        ).attach_to_application_target_group(first)
        # Made here, because the one that the CDK would make comes after the aspects that limit roles.
        role = iam.Role(self, "HookRole", assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"))
        test.grant_invoke(role)
        self.fargate.add_lifecycle_hook(
            ecs.DeploymentLifecycleLambdaTarget(
                test,
                "TestHook",
                role=role,
                lifecycle_stages=[ecs.DeploymentLifecycleStage.POST_TEST_TRAFFIC_SHIFT],
            )
        )
