"""The settings of tracking: in which other tools a run is watched."""

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field

from engine.config.tables import Table

TrackerName = Literal["tensorboard", "trackio", "wandb", "mlflow"]
TRACKERS: tuple[TrackerName, ...] = get_args(TrackerName)


@dataclass(frozen=True, slots=True)
class TrackingConfig(Table):
    """Other tools that a run is watched in while it works; none by default."""

    trackers: tuple[TrackerName, ...] = ()
    """Each through its own library, where that is installed. tensorboard: event files in the folder
    beside the database. trackio: on this machine. wandb, mlflow: where their own settings say; no
    key is stored here.
    """
    project: Annotated[str, Field(min_length=1)] = "hs-star"
    """What the project (trackio, wandb) or the experiment (mlflow) is called there."""
    n_responses: Annotated[int, Field(ge=0, le=1000)] = 8
    """Sampled responses that are sent with every sampling phase, as a table; 0 for none."""
