"""The task sizes that Fargate sells: memory in MiB for each number of CPU units (1,024 to a vCPU)."""

GIB = 1024


def _gibibytes(first: int, last: int, step: int = 1) -> tuple[int, ...]:
    return tuple(range(first * GIB, last * GIB + 1, step * GIB))


SIZES: dict[int, tuple[int, ...]] = {
    256: (512, *_gibibytes(1, 2)),
    512: _gibibytes(1, 4),
    1024: _gibibytes(2, 8),
    2048: _gibibytes(4, 16),
    4096: _gibibytes(8, 30),
    8192: _gibibytes(16, 60, 4),
    16384: _gibibytes(32, 120, 8),
}
