"""The service: how many tasks, where, and how a deployment replaces them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from settings.schema import Environment


class Service(Construct):
    """New tasks come before old ones go; if they do not come up, or an alarm rises, the old stay."""

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
        targets: elb.ApplicationTargetGroup,
        rollback_alarms: dict[str, cloudwatch.Alarm],
    ) -> None:
        super().__init__(scope, id)
        self.fargate = ecs.FargateService(
            self,
            "Service",
            service_name=settings.prefix,
            cluster=ecs.Cluster(self, "Cluster", cluster_name=settings.prefix, vpc=vpc),
            task_definition=definition,
            desired_count=settings.scaling.desired,
            vpc_subnets=subnets,
            security_groups=[security_group],
            assign_public_ip=settings.network.tasks_are_public,
            min_healthy_percent=100,
            max_healthy_percent=200,
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.ENABLED,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            deployment_alarms=ecs.DeploymentAlarmConfig(
                alarm_names=list(rollback_alarms),
                behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
            ),
            health_check_grace_period=Duration.seconds(30),
            enable_execute_command=False,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # A name alone makes CloudFormation wait for nothing, and ECS wants the alarm to be there.
        self.fargate.node.add_dependency(*rollback_alarms.values())
        self.fargate.attach_to_application_target_group(targets)
