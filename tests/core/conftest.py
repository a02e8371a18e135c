"""How long the properties look for a counterexample."""

import os

from hypothesis import HealthCheck, Phase, settings

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]

for name, is_pinned in (("ci", True), ("local", False)):
    settings.register_profile(
        name,
        max_examples=100,
        deadline=None,
        derandomize=is_pinned,
        suppress_health_check=SLOW_IS_FINE,
        phases=PHASES,
    )
settings.load_profile("ci" if os.environ.get("CI") else "local")
