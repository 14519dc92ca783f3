"""Endpoints for tasks without access to the internet: only of the services that starting and logging a task
need."""

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct


class Endpoints(Construct):
    """Images come from ECR, their layers from a bucket of ECR; log lines go to CloudWatch."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        tasks: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, id)
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Endpoints: reached by the tasks only",
            allow_all_outbound=False,
        )
        group.connections.allow_from(tasks, ec2.Port.HTTPS, "Tasks")
        services = {
            "RegistryApi": ec2.InterfaceVpcEndpointAwsService.ECR,
            "Registry": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
            "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
        }
        for name, service in services.items():
            ec2.InterfaceVpcEndpoint(
                self,
                name,
                vpc=vpc,
                service=service,
                subnets=subnets,
                security_groups=[group],
                open=False,
            )
        layers = ec2.GatewayVpcEndpoint(
            self,
            "Layers",
            vpc=vpc,
            service=ec2.GatewayVpcEndpointAwsService.S3,
            subnets=[subnets],
        )
        layers.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject"],
                resources=[f"arn:{Aws.PARTITION}:s3:::prod-{Aws.REGION}-starport-layer-bucket/*"],
            )
        )
