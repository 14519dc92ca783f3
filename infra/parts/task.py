"""The task: one locked-down container, configured by its environment variables."""

from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from parts.retention import RETENTION
from settings import image
from settings.schema import Environment

CONTAINER = "factorial"
ARCHITECTURES = {
    "x86_64": ecs.CpuArchitecture.X86_64,
    "arm64": ecs.CpuArchitecture.ARM64,
}


class Task(Construct):
    """The task role has no permission at all. The execution role may pull this image and write this log."""

    def __init__(
        self, scope: Construct, id: str, settings: Environment, image_reference: str
    ) -> None:
        super().__init__(scope, id)
        self.log = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/{settings.application}/{settings.name}",
            retention=RETENTION[settings.logs.days],
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=settings.prefix,
            cpu=settings.task.cpu,
            memory_limit_mib=settings.task.memory,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ARCHITECTURES[settings.task.architecture],
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        repository = ecr.Repository.from_repository_name(
            self, "Repository", settings.registry.repository
        )
        # No init process: httpd has to get the stop signal itself.
        linux = ecs.LinuxParameters(self, "Linux", init_process_enabled=False)
        linux.drop_capabilities(ecs.Capability.ALL)
        self.definition.add_container(
            CONTAINER,
            container_name=CONTAINER,
            image=ecs.ContainerImage.from_ecr_repository(repository, image_reference),
            environment=container_environment(settings),
            port_mappings=[ecs.PortMapping(container_port=image.PORT)],
            user=image.UID,
            readonly_root_filesystem=True,  # the image writes to /dev/shm only, which is always there
            linux_parameters=linux,
            health_check=ecs.HealthCheck(
                command=["CMD", image.HEALTH_PROBE],
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                retries=3,
                start_period=Duration.seconds(10),
            ),
            stop_timeout=Duration.seconds(settings.times.stop),
            logging=ecs.LogDrivers.aws_logs(
                log_group=self.log,
                stream_prefix=settings.name,
                # A full buffer drops lines; blocking would stop the service when logging stops.
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=Size.mebibytes(settings.logs.buffer_mib),
            ),
        )


def container_environment(settings: Environment) -> dict[str, str]:
    """All settings of the image that depend on the size of the task or on its environment."""
    budget, times = settings.budget, settings.times
    values: dict[str, str | int] = {
        "FACTORIAL_MAX_NUMBER": budget.max_number,
        "FACTORIAL_MEMORY": budget.memory_mib,
        "FACTORIAL_CONCURRENCY": budget.concurrency,
        "FACTORIAL_THREADS": budget.threads,
        "FACTORIAL_TIMEOUT": times.computing,
        "FACTORIAL_QUEUE_TIMEOUT": times.queue,
        "FACTORIAL_SEND_TIMEOUT": times.sending,
        "KEEPALIVE_TIMEOUT": times.keep_alive,
        "GRACEFUL_SHUTDOWN_TIMEOUT": times.graceful_shutdown,
        "MAX_REQUEST_WORKERS": budget.max_request_workers,
        "THREADS_PER_CHILD": budget.threads_per_child,
        "ASYNC_REQUEST_WORKER_FACTOR": budget.async_request_worker_factor,
        "CORS_ORIGIN": settings.task.cors_origin,
        "LOG_LEVEL": settings.logs.level,
        "TRUSTED_PROXIES": " ".join(settings.network.proxies),
    }
    return {name: str(value) for name, value in values.items()}
