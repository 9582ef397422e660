"""Trainers that draw what they train on: the groups of a committed plan, through TRL's GRPO and
RLOO trainers.

Departures from TRL's defaults, beside those in trl_trainer: (1) the plan says which problems have
groups, how many, and in which order, so that the number of responses is the plan's to the response;
(2) responses come from our sampler, rewards from our grader in killable processes and the run's
reward model; (3) one draw serves one optimiser step, or training.n_updates of them; (4) with
training.max_redraws groups without signal are replaced, which TRL does not do (its paper index,
"Dynamic Sampling: not supported"); (5) dropout is left to LoRA; (6) a response counts as cut by its
finish reason, and not by its last token (engine.training.ended).
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.errors import TrainingError
from engine.events import Event, Note
from engine.models.tokens import end_tokens
from engine.training import Group, TrainingTask
from engine.training.drawing import Drawer, Place, place_as_plain
from engine.training.ended import ENDED, TokensOfResponse
from engine.training.generating import Transformers, Vllm
from engine.training.trl_trainer import TrlTrainer

PLACE = "place.json"
"""File in a checkpoint: where the training stands in its plan."""
BUFFERED = "drawn.pt"
"""File in a checkpoint between two updates on the same responses: what they train on."""


class PlanTrainer(TrlTrainer):
    """A subclass builds one of TRL's trainers over drawing()."""

    def __init__(self) -> None:
        super().__init__()
        self._drawer: Drawer | None = None
        self._task: TrainingTask | None = None
        self._n_per_step = 1
        self._ends: list[int] = []

    def rows(
        self, task: TrainingTask, model: Any, tokenizer: Any, emit: Callable[[Event], None]
    ) -> list[dict[str, Any]]:
        """One per group: TRL counts by them, and reads nothing of them."""
        assert task.draws is not None, "what draws itself is told what"
        c, self._task = task.config, task
        self._n_per_step = c.batch_size // c.group_size
        generate = (Transformers if c.generation == "transformers" else Vllm)(task, tokenizer)
        drawer = Drawer(task, task.draws.groups, tokenizer, generate, emit)
        groups = self._fitting(task, drawer, emit)
        self._drawer = Drawer(task, groups, tokenizer, generate, emit)
        self._generate = generate
        self._ends = end_tokens(model.generation_config, tokenizer, task.settings)
        return [{"prompt": group.problem_id} for group in groups]

    def n_steps(self, task: TrainingTask, rows: Sequence[Any]) -> int:
        return len(rows) // self._n_per_step * task.config.n_updates

    def why_over(self, step: int) -> str | None:
        if self._drawer is None or not self._is_spent(step):
            return None
        place = self._drawer.place
        return (
            f"all {place.n_groups} groups of the plan are drawn that fill a step,"
            f" {place.n_discarded} of them discarded"
        )

    def release(self) -> None:
        if self._drawer:
            self._drawer.close()

    def drawn_by(self, trainer: Any, task: TrainingTask) -> Any:
        """A subclass of one of TRL's trainers that draws through this one's drawer, with our
        warm-up and checkpoints.
        """
        assert self._drawer is not None, "rows come first"
        own = keeping_place(drawing(trainer, self._drawer, self._generate), self._drawer)
        return self.base(own, task)

    def arguments(self, task: TrainingTask, shared: dict[str, Any]) -> dict[str, Any]:
        """Arguments of GRPO and RLOO alike."""
        c, s = task.config, task.settings
        if isinstance(self._generate, Transformers):
            self._generate.is_bfloat16 = shared["bf16"]
        return {
            **{name: value for name, value in shared.items() if name != "max_length"},
            **_vllm(task, self._ends),
            "num_generations": c.group_size,
            "steps_per_generation": shared["gradient_accumulation_steps"],
            "num_iterations": c.n_updates,
            "max_completion_length": s.max_new_tokens,
            "shuffle_dataset": False,
            "temperature": s.temperature,
            "top_p": s.top_p,
            "top_k": s.top_k,
            "min_p": s.min_p or None,
            "repetition_penalty": s.repetition_penalty,
            "beta": c.kl_weight,
            "epsilon": c.clip_low,
            "epsilon_high": c.clip_high,
            "mask_truncated_completions": c.mask_truncated,
            "disable_dropout": not (c.lora_rank and c.lora_dropout),
            "reward_weights": [weight for _, weight in self._rewards(task)],
        }

    def reward_funcs(self, task: TrainingTask) -> list[Callable[..., Any]]:
        """What TRL asks for the rewards that are there already."""
        return [function for function, _ in self._rewards(task)]

    def callback(self) -> Any:
        """Ends a training whose plan is drawn, without a checkpoint that nothing follows."""
        from transformers import TrainerCallback

        is_spent = self._is_spent

        class Spent(TrainerCallback):
            def on_step_end(self, args, state, control, **kwargs):  # pyright: ignore[reportIncompatibleMethodOverride]
                if is_spent(state.global_step):
                    control.should_training_stop, control.should_save = True, False
                return control

        return Spent()

    def _is_spent(self, step: int) -> bool:
        """Whether no whole step is left to draw, and all updates on what was drawn are done."""
        assert self._drawer is not None and self._task is not None, "rows come first"
        is_done = step % self._task.config.n_updates == 0
        return is_done and self._drawer.n_left < self._n_per_step

    def _rewards(self, task: TrainingTask) -> list[tuple[Callable[..., Any], float]]:
        assert task.draws is not None, "what draws itself is told what"
        process = [(process_reward, task.config.process_weight)] if task.draws.reward_model else []
        return [(correct, 1.0), *process]

    def _fitting(
        self, task: TrainingTask, drawer: Drawer, emit: Callable[[Event], None]
    ) -> list[Group]:
        """Groups whose prompt leaves room for a response, in whole steps. Raises: TrainingError
        for none.
        """
        assert task.draws is not None, "what draws itself is told what"
        planned, limit = task.draws.groups, task.config.max_length
        groups = [g for g in planned if 0 < len(drawer.prompt_ids(g.problem_id)) < limit]
        groups = groups[: len(groups) // self._n_per_step * self._n_per_step]
        if not groups:
            raise TrainingError(
                f"None of the {len(planned)} groups of the plan can be trained on: there are none,"
                f" or their prompts leave no room in max_length = {limit} tokens. Lower"
                " training.batch_size or training.group_size, or raise max_length."
            )
        if len(groups) < len(planned):
            emit(
                Note(
                    f"{len(planned) - len(groups)} groups of the plan are not drawn: their prompts"
                    f" leave no room in {limit} tokens, or what is left fills no step."
                )
            )
        return groups


def correct(*, correct: list[float], **_: Any) -> list[float]:
    """1 for each correct response, else 0."""
    return correct


def process_reward(*, process: list[float | None], **_: Any) -> list[float | None]:
    """Process rewards; None where a response has none."""
    return process


def drawing(trainer: Any, drawer: Drawer, generate: Transformers | Vllm) -> Any:
    """A subclass of GRPOTrainer or RLOOTrainer that trains on what the drawer draws."""

    class Drawing(trainer):
        _own: Any = ()

        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            self.eos_token_ids = [*self.eos_token_ids, ENDED]
            if isinstance(generate, Vllm):
                generate.ask = self._asked

        def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
            model = self.accelerator.unwrap_model(self.model)
            n_groups, step = len(inputs) // self.num_generations, self.state.global_step + 1
            before = drawer.place.n_discarded
            self._own = drawer.draw(model, n_groups, step)
            discarded = (drawer.place.n_discarded - before) * self.num_generations
            self._metrics["train"]["draws/discarded"].append(float(discarded))
            return super()._generate_and_score_completions([_row(draw) for draw in self._own])

        def _tokenize_prompts(self, prompts: list[Any]) -> tuple[list[list[int]], None, dict]:
            return [drawer.prompt_ids(d.response.problem_id) for d in self._own], None, {}

        def _generate_single_turn(self, *_: Any, **__: Any) -> Any:
            ids: list[Any] = [TokensOfResponse(draw.response) for draw in self._own]
            return self._as_asked(ids, _log_probabilities(generate, self._own))

        def _as_asked(self, ids: list[list[int]], logps: list[Any] | None) -> Any:
            """GRPO returns log-probabilities beside the tokens, RLOO the tokens alone."""
            return (ids, logps) if hasattr(self, "multi_objective_aggregation") else ids

        def _asked(self, prompts: list[list[int]]) -> tuple[list[list[int]], list[Any] | None]:
            """vLLM's tokens and log-probabilities, by TRL's own way to it."""
            own = super()._generate_single_turn
            if not hasattr(self, "multi_objective_aggregation"):
                return own(prompts, None, {}), None
            return own(prompts, None, {}, self.num_generations)

    return Drawing


def _log_probabilities(generate: Transformers | Vllm, draws: Sequence[Any]) -> list[Any] | None:
    """Those that vLLM gave with the tokens of these draws, once; None without any."""
    known = generate.log_probabilities if isinstance(generate, Vllm) else {}
    keys = [(draw.response.problem_id, draw.response.index) for draw in draws]
    own = [known[key] for key in keys] if known else None
    known.clear()
    return own


def keeping_place(trainer: Any, drawer: Drawer) -> Any:
    """A subclass of GRPOTrainer or RLOOTrainer whose checkpoints hold where the drawer stands, and
    between two updates what they train on.
    """

    class KeepingPlace(trainer):
        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            super()._save_checkpoint(model, trial)
            folder = Path(self._get_output_dir(trial)) / f"checkpoint-{self.state.global_step}"
            _save_place(folder, drawer.place, self._buffer())

        def _buffer(self) -> Any:
            is_between = self.state.global_step % self.args.num_iterations
            return self._buffered_inputs if is_between else None

        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            drawer.place, self._buffered_inputs = _load_place(Path(resume_from_checkpoint))
            n_steps = int(Path(resume_from_checkpoint).name.rpartition("-")[2])
            self._step = n_steps * self.args.gradient_accumulation_steps

    return KeepingPlace


def _row(draw: Any) -> dict[str, Any]:
    return {
        "prompt": draw.response.problem_id,
        "correct": float(draw.verdict.correct),
        "process": draw.scores.reward if draw.scores else None,
    }


def _save_place(folder: Path, place: Place, buffered: Any) -> None:
    import torch

    (folder / PLACE).write_text(json.dumps(place_as_plain(place)), encoding="utf-8")
    if buffered is not None:
        torch.save(buffered, folder / BUFFERED)


def _load_place(folder: Path) -> tuple[Place, Any]:
    import torch

    place = Place(**json.loads((folder / PLACE).read_text(encoding="utf-8")))
    file = folder / BUFFERED
    device = "cuda" if torch.cuda.is_available() else "cpu"
    buffered = torch.load(file, map_location=device, weights_only=True) if file.exists() else None
    return place, buffered


def _vllm(task: TrainingTask, ends: list[int]) -> dict[str, Any]:
    """How TRL reaches vLLM, where it draws, and where a response ends there: vLLM knows of itself
    what generation_config.json names. Source: TRL 1.16, GRPOConfig.
    """
    c = task.config
    if c.generation == "transformers":
        return {}
    mode = c.generation.removeprefix("vllm_")
    server = {"vllm_server_base_url": c.vllm_url} if mode == "server" else {}
    return {
        "use_vllm": True,
        "vllm_mode": mode,
        "vllm_max_model_length": c.max_length,
        "generation_kwargs": {"stop_token_ids": ends, "stop": list(task.settings.stop)},
        **server,
    }
