"""Renders a chat template from standard input for one short turn, as a process of its own with
limits. Exit status 0 where it comes to an end, 1 where it is no template or fails, 3 where memory
is short; a signal where time is.
"""

import resource
import sys

from engine.models.plausible import TEMPLATE_MIB, TEMPLATE_S


def main() -> int:
    """See the module. Blocks for TEMPLATE_S at most."""
    from jinja2 import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    template = sys.stdin.buffer.read().decode("utf-8", "replace")
    resource.setrlimit(resource.RLIMIT_CPU, (TEMPLATE_S, TEMPLATE_S))
    resource.setrlimit(resource.RLIMIT_AS, (TEMPLATE_MIB << 20, TEMPLATE_MIB << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    try:
        environment.from_string(template).render(
            messages=[{"role": "user", "content": "What is 1 + 1?"}], add_generation_prompt=True
        )
    except MemoryError:
        return 3
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError, OverflowError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
