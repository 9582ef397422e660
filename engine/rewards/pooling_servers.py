"""A reward model on vLLM's pooling servers, any number of them.

The items are laid out here, by the family's own layout and the tokenizer in the model's folder, and
travel as token ids; the servers hold the weights. Every item is one request. Which server answers
it, and what becomes of one that fails, is engine.servers.pool's: servers that fail rest, and their
requests go to the others. A server is asked nothing before its list of models shows that it serves
the model (engine.servers.served).

Must not know of problems, runs or thresholds. Source: vllm 0.31, entrypoints/pooling: POST /pooling
takes {model, input, task} and gives data[0].data, a row of numbers per token, or per step where the
server was started with the step's tag; for whole texts the numbers alone.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

from engine.config.addresses import checked_url
from engine.errors import RewardModelError
from engine.rewards.batched import BatchedReward, Item, Row
from engine.rewards.layouts import open_layout
from engine.servers.connection import Asking, Connection, DoesNotFit, Failed
from engine.servers.pool import Pool
from engine.servers.served import Served, Wanted, find_served

ASKING = Asking("reward.base_urls", "reward model", RewardModelError)
IN_FLIGHT = 64
"""Requests that each server has at once: vLLM reads as many side by side as fit."""


class ServedReward(BatchedReward):
    """Scores through pooling servers. Implements engine.rewards.RewardModel. Opening it connects to
    nothing: each call of score asks the servers anew.

    Args:
        path: the model's folder on this machine: what the servers must serve.
        family: one that BackendEntry.is_served.
        options: what the family's own class is opened with.
        base_urls: where the servers are; one without a path means /v1 there.
        model_id: the content id of the model's files.
        known_as: how the configuration names it.

    Raises: ConfigError for an address that cannot be used; RewardModelError where the tokenizer
        does not fit the family.
    """

    def __init__(
        self,
        path: str,
        *,
        family: str,
        options: dict[str, Any],
        base_urls: Sequence[str],
        model_id: str,
        known_as: str = "",
    ):
        super().__init__(path)
        self.urls = [checked_url(url, ASKING.setting) for url in base_urls]
        self.layout = open_layout(family, self.path, **options)
        self._longest = _positions(self.path, self.layout.tokenizer, family)
        self._status = self.layout.status
        id = "-".join(part for part in (model_id, self.layout.reads_as) if part)
        self.wanted = Wanted(self.path, id, known_as, options=self._serve(id))

    def close(self) -> None:
        """Nothing is held between calls. Safe to call twice."""

    def _serve(self, id: str) -> str:
        """What `vllm serve FOLDER` takes beside the folder."""
        name = f" --served-model-name {id}" if self.layout.reads_as else ""
        return self.layout.serve + name

    def _read(self, item: Item) -> Row:
        return self.layout.read(item)

    def _answers(self, rows: list[Row]) -> Iterator[tuple[Row, list[float]]]:
        return zip(rows, asyncio.run(self._asked(rows)) if rows else [], strict=True)

    async def _asked(self, rows: list[Row]) -> list[list[float]]:
        connection = Connection(ASKING)

        async def find(url: str) -> Served:
            return self._found(await connection.models(url), url)

        pool = Pool(self.urls, find, ASKING, salt=self.path)
        slots = asyncio.Semaphore(IN_FLIGHT * len(self.urls))

        async def one(row: Row) -> list[float]:
            async with slots:
                return await pool.ask(lambda url, model: self._one_try(connection, url, model, row))

        tasks = []
        try:
            await pool.start()
            tasks = [asyncio.ensure_future(one(row)) for row in rows]
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await pool.stop()
            await connection.close()

    def _found(self, listing: Any, url: str) -> Served:
        """Raises: RewardModelError for another model, or one whose name does not say what it
        compares.
        """
        served = find_served(listing, self.wanted, url, ASKING)
        if self.layout.reads_as and served.name != self.wanted.content_id:
            raise RewardModelError(
                f"{url} serves {served.name}, and only the name says which tokens a server"
                f" compares. Start it as vllm serve {self.path} {self.wanted.options}, and resume"
                " the job."
            )
        return served

    async def _one_try(
        self, connection: Connection, url: str, model: Served, row: Row
    ) -> list[float]:
        asked = {"model": model.name, "input": row.ids, "task": self.layout.task}
        try:
            answer = await connection.post(
                url.removesuffix("/v1"), "/pooling", json.dumps(asked).encode()
            )
        except DoesNotFit as error:
            raise RewardModelError(
                f"{url} cannot read a text of {len(row.ids):,} tokens ({error}), and the reward"
                f" model {self.path} has {self._longest or 'enough'} positions. Serve it with a"
                " larger --max-model-len, and resume the job."
            ) from None
        return self._scores(answer, row, url)

    def _scores(self, answer: dict[str, Any], row: Row, url: str) -> list[float]:
        """Of the ends of a row. Raises: Failed for no answer of this kind; RewardModelError for
        numbers that are not those of this family.
        """
        try:
            numbers = answer["data"][0]["data"]
            if self.layout.task == "classify":
                return [_right(numbers)]
            if len(numbers) == len(row.ids):
                numbers = [numbers[end] for end in row.ends]
            if len(numbers) == len(row.ends):
                return [_right(pair) for pair in numbers]
        except (LookupError, TypeError, AttributeError) as error:
            raise Failed(f"its answer is not one of a pooling server (no {error})") from None
        raise RewardModelError(
            f"{url} gave {len(numbers):,} rows of numbers for a text of {len(row.ids):,} tokens and"
            f" {len(row.ends)} steps. Start it as vllm serve {self.path} {self.wanted.options}, and"
            " resume the job."
        )


def _right(numbers: Sequence[float]) -> float:
    """The probability of "right": the only one, or the second of two. Raises: TypeError for
    anything else.
    """
    if len(numbers) not in (1, 2) or not isinstance(numbers[-1], int | float):
        raise TypeError("one or two numbers")
    return float(numbers[-1])


def _positions(path: str, tokenizer: Any, family: str) -> int | None:
    """Tokens of the longest text that the family itself would read."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(path)
    except Exception as error:  # damaged files raise what they like
        raise RewardModelError(f"The config.json in {path!r} cannot be read: {error}.") from error
    positions = getattr(config, "max_position_embeddings", None)
    if family == "outcome":
        return min(positions or tokenizer.model_max_length, tokenizer.model_max_length)
    return positions
