"""The Lambda function that tests new tasks before they get traffic, and a service that can be reached only from
its VPC."""

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from parts.listener_rules import TEST_HEADER
from parts.retention import RETENTION
from settings.schema import Environment

SOURCE = Path(__file__).parent.parent / "smoke.py"


def name_of(settings: Environment) -> str:
    return f"{settings.prefix}-deployment-test"


class DeploymentTest(lambda_.Function):
    """It sends requests to the balancer, from inside the VPC if the balancer is internal. Its code is short
    enough to be in the template, so no archive has to be built and uploaded."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Environment,
        alb: elb.IApplicationLoadBalancer,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        security_group: ec2.ISecurityGroup | None,
    ) -> None:
        super().__init__(
            scope,
            id,
            function_name=name_of(settings),
            description="Asks the service what a user would",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_inline(SOURCE.read_text(encoding="utf-8")),
            timeout=Duration.minutes(5),
            environment={
                "BALANCER": alb.load_balancer_dns_name,
                "HOST": settings.domain.host,
                "TEST_HEADER": TEST_HEADER,
                "SMOKE_WAIT": "60",  # seconds; with every check's own it stays below the timeout
            },
            log_group=logs.LogGroup(
                scope,
                f"{id}Log",
                log_group_name=f"/{settings.application}/{settings.name}/deployment-test",
                retention=RETENTION[settings.logs.days],
                removal_policy=RemovalPolicy.DESTROY,
            ),
            **(
                {
                    "vpc": vpc,
                    "vpc_subnets": subnets,
                    "security_groups": [security_group],
                    # In a public subnet too: it asks a balancer in the same VPC and nothing else.
                    "allow_public_subnet": True,
                }
                if security_group
                else {}
            ),
        )
