"""Which GPUs engines on Ray take, where the policy and the reward model both need some."""

from collections.abc import Sequence

from engine.config import RunConfig
from engine.config.backends import loads_model
from engine.errors import ConfigError
from engine.models.devices import Device


def ray_seats(config: RunConfig, sampler: str, here: Sequence[Device]) -> tuple[dict, dict]:
    """Seats of the policy and of a reward model in engines on Ray, so that they take different
    GPUs: on this machine the reward model takes the last ones, on a cluster that both use the
    policy's engines leave as many. Nothing for a reward model that is not on Ray.

    Raises: ConfigError where no GPU of this machine is left for the policy.
    """
    n, s, address = config.reward.n_engines, config.sampling, config.reward.ray_address
    if n is None:
        return {}, {}
    if address:
        is_shared = sampler == "ray_pool" and s.ray_address == address
        return ({"n_spared": n} if is_shared else {}), {}
    gpus = [str(device.gpu) for device in here if device.gpu is not None]
    is_here = loads_model(sampler) or (sampler == "ray_pool" and s.ray_address is None)
    if gpus and is_here and n >= len(gpus):
        raise ConfigError(
            f"reward.n_engines is {n}, and this machine has {len(gpus)} GPUs: it must be"
            f" {len(gpus) - 1} or less, so that one is left for the policy."
        )
    rest = {"gpu": ",".join(gpus[:-n])} if gpus and is_here and sampler == "ray_pool" else {}
    return rest, ({"gpu": ",".join(gpus[-n:])} if gpus else {})
