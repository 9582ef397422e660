"""A policy that is a recording: its responses are replayed without replacement, the first ones
first.

Implements engine.samplers.Sampler over an imported set. Departures: (1) temperature, prompt and
seed draw nothing, a seed is only handed through; (2) it can be asked for what is recorded and for
nothing else, so a plan on it is capped before it binds.
"""

from collections.abc import Iterator, Sequence

from engine.errors import RecordedSetError, SamplerError
from engine.recorded.replay import RecordedSet
from engine.types import Request, Response, SamplingSettings

COLUMNS = ("text", "finish_reason", "n_tokens")


class RecordedSampler:
    """Replays the responses of an imported set by (problem id, index).

    Args:
        path: the imported set's folder.
        batch_size: responses per batch at most.

    Raises: SamplerError if the folder is not an imported set.
    """

    def __init__(self, path: str, *, batch_size: int = 256):
        try:
            self._set = RecordedSet(path)
        except RecordedSetError as error:
            raise SamplerError(str(error)) from error
        self.batch_size = batch_size

    def sample(
        self, requests: Sequence[Request], settings: SamplingSettings
    ) -> Iterator[list[Response]]:
        """See Sampler. Responses come in the order of the recording; n_tokens is 0 where it was not
        recorded.

        Raises: SamplerError for a response that is not recorded, before the first batch.
        """
        seeds = {(r.problem_id, r.index): r.seed for r in requests}
        try:
            for rows in self._set.rows(list(seeds), COLUMNS):
                for start in range(0, len(rows), self.batch_size):
                    yield [
                        Response(
                            *key,
                            seeds[key],
                            row["text"],
                            row["finish_reason"],
                            row["n_tokens"] or 0,
                        )
                        for key, row in rows[start : start + self.batch_size]
                    ]
        except RecordedSetError as error:
            raise SamplerError(str(error)) from error

    def close(self) -> None:
        """Nothing is held that needs giving back."""
