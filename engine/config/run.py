"""A run's configuration: its tables together, and what follows from them."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field

from engine.config.backends import ELSEWHERE, NO_REWARD, RECORDED, is_bounded, loads_model
from engine.config.generative import GenerativeConfig
from engine.config.implicit import OWN, ImplicitConfig
from engine.config.tables import (
    DifficultyConfig,
    EvaluationConfig,
    GradingConfig,
    JudgeConfig,
    PairsConfig,
    PolicyConfig,
    ProblemsConfig,
    RewardConfig,
    SamplingConfig,
    Table,
    TuningConfig,
)
from engine.config.tagged import TaggedLmConfig
from engine.config.tracking import TrackingConfig
from engine.config.training import InitConfig, TrainingConfig
from engine.grading.extraction import Extraction
from engine.types import SamplingSettings


@dataclass(frozen=True, slots=True)
class RunConfig(Table):
    """A whole run."""

    name: str
    """What the run is called; a file without it is called by the file's name."""
    problems: ProblemsConfig
    policy: PolicyConfig
    reward: RewardConfig = field(default_factory=RewardConfig)
    tagged_lm: TaggedLmConfig = field(default_factory=TaggedLmConfig)
    implicit: ImplicitConfig = field(default_factory=ImplicitConfig)
    generative: GenerativeConfig = field(default_factory=GenerativeConfig)
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """What every random draw of the run follows from."""
    n_iterations: Annotated[int, Field(ge=1)] = 3
    """Rounds of sampling and training; 1 with recorded responses."""
    placement: Literal["worker", "inline"] = "worker"
    """worker: heavy phases in child processes. inline: in this process."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    grading: GradingConfig = field(default_factory=GradingConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    tuning: TuningConfig = field(default_factory=TuningConfig)
    difficulty: DifficultyConfig = field(default_factory=DifficultyConfig)
    pairs: PairsConfig = field(default_factory=PairsConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    init: InitConfig = field(default_factory=InitConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    @property
    def is_recorded(self) -> bool:
        """Whether responses are replayed: then there is no policy to train or to evaluate."""
        return self.sampling.sampler == RECORDED

    @property
    def has_rewards(self) -> bool:
        """Whether responses get a process reward or an outcome score."""
        return self.reward.family != NO_REWARD

    @property
    def has_bounded_rewards(self) -> bool:
        """Whether rewards are probabilities in [0, 1], or there are none."""
        return is_bounded(self.reward.family)

    @property
    def loads_reward(self) -> bool:
        """Whether a reward model is loaded on this machine by what reads it."""
        return loads_model(self.reward.family) and self.reward.backend not in ELSEWHERE

    @property
    def is_own_reward(self) -> bool:
        """Whether process rewards are those of M_t against M_0."""
        return self.reward.family == "implicit" and self.reward.path == OWN

    def extraction(self) -> Extraction:
        """How the answers of responses are found."""
        g = self.grading
        return Extraction(g.extraction, g.pattern, g.thinking_names)

    @property
    def n_train_in_all(self) -> int:
        """Training problems that the whole run takes at least."""
        draws_new_ones = self.problems.per_iteration == "fresh"
        return self.problems.n_train * (self.n_iterations if draws_new_ones else 1)

    def train_settings(self) -> SamplingSettings:
        """How training problems are sampled, before and after the commit."""
        return self._settings(self.sampling.temperature, self.sampling.top_p)

    def resample_settings(self, presampled: SamplingSettings) -> SamplingSettings:
        """How the rest of the budget is sampled: as the pre-samples were, with DAST's worked
        examples if there are any.
        """
        return replace(presampled, n_examples=self.sampling.n_examples)

    def greedy_settings(self) -> SamplingSettings:
        """The most probable token at every position: no cut of the distribution matters."""
        return replace(self._settings(0.0, 1.0), top_k=0, min_p=0.0)

    def evaluation_settings(self) -> SamplingSettings:
        e, s = self.evaluation, self.sampling
        return self._settings(
            s.temperature if e.temperature is None else e.temperature,
            s.top_p if e.top_p is None else e.top_p,
        )

    def _settings(self, temperature: float, top_p: float) -> SamplingSettings:
        s, p = self.sampling, self.policy
        return SamplingSettings(
            temperature=temperature,
            top_p=top_p,
            max_new_tokens=s.max_new_tokens,
            prompt_template=p.prompt_template,
            chat=p.chat,
            system=p.system,
            thinking=p.thinking,
            stop=s.stop,
            top_k=s.top_k,
            min_p=s.min_p,
            thinking_tokens=s.thinking_tokens,
            repetition_penalty=s.repetition_penalty,
            dtype="bfloat16" if s.dtype == "bfloat16" else "float32",
        )
