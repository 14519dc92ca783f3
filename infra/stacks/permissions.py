"""The permissions. An administrator deploys this stack before the CDK's bootstrap; no workflow can change
it."""

from aws_cdk import BootstraplessSynthesizer, CfnOutput
from constructs import Construct

from parts.deploy_policies import DeployPolicies
from parts.identities import Identities
from settings.schema import Environment
from stacks.base import EnvironmentStack


class PermissionsStack(EnvironmentStack):
    """The policies that the bootstrap's command names, and the roles that deploy."""

    def __init__(self, scope: Construct, settings: Environment) -> None:
        super().__init__(scope, "permissions", settings, synthesizer=BootstraplessSynthesizer())
        policies = DeployPolicies(self, "Policies", settings)
        identities = Identities(self, "Identities", settings)
        CfnOutput(self, "ExecutionPolicies", value=",".join(policies.arns))
        CfnOutput(self, "DeployRoleArn", value=identities.deploy.role_arn)
        CfnOutput(self, "DeliveryRoleArn", value=identities.delivery.role_arn)
        CfnOutput(self, "PlanRoleArn", value=identities.plan.role_arn)
