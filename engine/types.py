"""The nouns: frozen records that every room shares, and what each can say about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from math import fsum, prod
from typing import Any, Literal

FinishReason = Literal["stop", "length", "refused"]
"""Why a response ended: end-of-sequence, the token limit, or the prompt was too long to sample."""

VerdictStatus = Literal["correct", "wrong", "no_answer", "timeout", "error"]
Domain = Literal["maths", "choice", "code"]
"""How a problem is checked: two answers compared, an option picked, a program run."""

Thinking = Literal["auto", "on", "off"]
Dtype = Literal["float32", "bfloat16"]
"""Numbers in which a model is computed."""
DtypeSetting = Literal["auto", "by_device", "float32", "bfloat16"]
"""In a configuration. auto: bfloat16 where it is native; by_device: float32 on a CPU and bfloat16
elsewhere."""

ScoredPart = Literal["response", "answer"]
"""What a reward model reads of a response: all of it, or the answer behind its thinking."""

Mode = Literal["both", "accuracy", "reward", "posterior"]
"""What decides the difficulty class: thresholds on both signals or one, or the posterior."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses before a commit; URL, form, configuration and export speak of this."""

    tau_l: float
    tau_h: float
    mode: Mode = "both"
    strategy: str = "boundary"
    options: Mapping[str, Any] | None = None
    """The strategy's own; None for the configuration's where it names this strategy, else the
    defaults.
    """


class Difficulty(IntEnum):
    """The three classes of difficulty estimation, in the order of the plot's legend."""

    INLIER = 0
    BOUNDARY = 1
    OUTLIER = 2


class Purpose(StrEnum):
    """What a sample set was drawn for."""

    PRESAMPLE = "presample"
    RESAMPLE = "resample"
    TUNE = "tune"
    CALIBRATE = "calibrate"
    GREEDY = "greedy"
    EVALUATE = "evaluate"
    TRAIN = "train"
    PLAYGROUND = "playground"
    """Never stored."""


class JobState(StrEnum):
    """queued → running → done | failed | cancelling → cancelled; a lost process → interrupted."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class JobKind(StrEnum):
    """What a job does. A commit is not a job: a person or `auto` makes it."""

    TUNE = "tune"
    PRESAMPLE = "presample"
    CALIBRATE = "calibrate"
    RESAMPLE = "resample"
    TRAIN = "train"
    PICK = "pick"
    """Kept weights of a training become a policy."""
    EVALUATE = "evaluate"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a response to a problem is checked against."""

    answer: str
    domain: Domain = "maths"
    details: str = ""
    """As Problem.details."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One question with its reference answer."""

    id: str
    """First 16 hex digits of the SHA-256 of the normalised question: see
    engine.problems.problem_id.
    """
    question: str
    answer: str
    """The reference (gold) answer, LaTeX or plain, without a surrounding box."""
    level: str | None = None
    """A difficulty label that came with the problem, such as "1" or "Level 5"; None if there was
    none.
    """
    solution: str | None = None
    """A worked solution that came with the problem; None if there was none."""
    domain: Domain = "maths"
    details: str = ""
    """What the domain shows and checks beside the answer, as a JSON object: options, tests (see
    engine.grading.domains). Empty for maths.
    """

    @property
    def reference(self) -> Reference:
        return Reference(self.answer, self.domain, self.details)


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How responses are drawn, and from which prompt: part of a sample set's identity."""

    temperature: float = 0.7
    """0 is greedy."""
    top_p: float = 0.95
    max_new_tokens: int = 2048
    prompt_template: str = "{question}"
    """Text with one {question} in it; "chat" wraps it in the tokenizer's own chat template."""
    chat: bool = False
    n_examples: int = 0
    """Worked examples before the question: DAST's length control."""
    system: str = ""
    """What stands in the chat template's system role; empty for none."""
    thinking: Thinking = "auto"
    """Whether the chat template asks for thinking, where it has a switch; auto is its own way."""
    stop: tuple[str, ...] = ()
    """Texts that end a response; neither is part of its text."""
    thinking_tokens: int = 0
    """Tokens after which thinking is closed, where the sampler can; 0 for no such limit."""
    top_k: int = 0
    """Most probable tokens that are drawn from; 0 for all."""
    min_p: float = 0.0
    """Least probability of a token, as a share of the most probable one's."""
    repetition_penalty: float = 1.0
    """Logits of tokens that stand in the prompt or the response already are divided by it where
    positive, multiplied where negative."""
    dtype: Dtype = "float32"
    """Numbers in which the policy is computed; float32 stands for by_device, too."""


@dataclass(frozen=True, slots=True)
class SampleSet:
    """Responses drawn in one way from one policy. Runs refer to them, so they share pre-samples."""

    id: str
    policy_id: str
    purpose: Purpose
    iteration: int
    """The iteration the responses were drawn in; for an evaluation, the t of the policy M_t."""
    seed: int
    """The run seed."""
    settings: SamplingSettings
    sampler: str
    """The backend's name. Part of the identity, because texts may differ between backends, but
    never of a seed.
    """
    owner: str = ""
    """Run that a resample set belongs to; empty for sets that runs share. Never part of a seed."""
    graded: str = ""
    """The rules by which its responses' answers are found; empty for the earlier ones. Never part
    of a seed: other rules mean other verdicts on the same responses.
    """


@dataclass(frozen=True, slots=True)
class Request:
    """One response that is owed."""

    problem_id: str
    index: int
    """Position among the problem's responses, counted over presample and resample together."""
    seed: int
    """64 bits; with the token position, all that the response's noise depends on."""
    prompt: str
    """The question inside the prompt template: what the policy reads."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """What a sampler is at."""

    n_responses: int
    """That run side by side now."""
    n_tokens: int | None
    """Sampled in this call so far; None where none is counted before a response has finished."""


@dataclass(frozen=True, slots=True)
class Response:
    """One sampled solution."""

    problem_id: str
    index: int
    seed: int
    text: str
    finish_reason: FinishReason
    n_tokens: int
    """Sampled tokens, the end-of-sequence token not counted."""
    tokens: tuple[int, ...] | None = None
    """Sampled token ids with their end token: what is trained on; None where only text is known."""
    answer_at: int | None = None
    """Where the answer begins in the text, in characters, behind the thinking; None without it."""

    @property
    def truncated(self) -> bool:
        return self.finish_reason == "length"

    @property
    def answer(self) -> str:
        """The text behind the thinking: what is graded."""
        return self.text[self.answer_at or 0 :]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking one response against the reference answer gave."""

    correct: bool
    predicted: str | None
    """The answer as extracted from the response; None where there is none."""
    status: VerdictStatus
    reason: str = ""
    """One sentence: why it was judged as it was."""


Aggregation = Literal["min", "last", "mean", "product"]
_AGGREGATED = {
    "min": min,
    "last": lambda scores: scores[-1],
    "mean": lambda scores: fsum(scores) / len(scores),
    "product": prod,
}
ScoreStatus = Literal["ok", "too_long", "holds_tag", "outcome", "missing", "unreadable"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What asking a generative reward model took; tokens as its servers count them."""

    n_requests: int = 0
    n_read_tokens: int = 0
    n_written_tokens: int = 0
    n_judgements: int = 0
    """That were due, one per vote and step."""
    n_unreadable: int = 0


@dataclass(frozen=True, slots=True)
class StepScores:
    """What a process reward model says of one response."""

    scores: tuple[float | None, ...]
    """One per step, in order: a probability, any finite number of the family implicit, None where a
    judgement could not be read. A single one of the whole response with the status "outcome".
    """
    status: ScoreStatus = "ok"
    """outcome: a score of the whole response, no minimum over steps. too_long: for the model's
    positions. holds_tag: its text spells the model's step tag. missing: recorded without a score.
    unreadable: no judgement of any step could be read.
    """
    aggregation: Aggregation = "min"
    """What the scores of the steps are one reward by; the paper's is the minimum."""
    cost: Cost | None = None
    """What asking a generative model for them took; None for any other."""

    @property
    def reward(self) -> float | None:
        """S(r): the aggregation of the steps that have a score; None where there is none.

        Source: HS-STaR, docs/method.md, section 1.2. That a response without steps has 0 is ours.
        """
        if self.status in ("too_long", "holds_tag", "missing", "unreadable"):
            return None
        scores = [score for score in self.scores if score is not None]
        return _AGGREGATED[self.aggregation](scores) if scores else 0.0


@dataclass(frozen=True, slots=True)
class Preference:
    """One preference pair, as the trainer reads it."""

    problem_id: str
    prompt: str
    chosen: str
    rejected: str
    chosen_index: int
    rejected_index: int
    chosen_reward: float | None
    """None in a run without process rewards."""
    rejected_reward: float | None
    chosen_tokens: tuple[int, ...] | None = None
    """As sampled, with the end token; None where only the text is known."""
    rejected_tokens: tuple[int, ...] | None = None
    chosen_is_cut: bool = False
    """It ended at the token limit: no end token belongs behind it."""
    rejected_is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Worked:
    """One worked solution, as the trainer reads it."""

    problem_id: str
    prompt: str
    response: str
    tokens: tuple[int, ...] | None = None
    """As sampled, with the end token; None where only the text is known."""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a commit binds: which problems are resampled, and how often."""

    difficulty: dict[str, Difficulty]
    """Class of every classified problem."""
    allocation: dict[str, int]
    """Further responses per problem; problems that get none are left out."""
    n_unspent: int
    """Responses of the budget that go to no problem: none is in the target classes, or no more are
    recorded.
    """
    pool: frozenset[str] = frozenset()
    """Problems whose responses may become pairs."""
    n_later: int = 0
    """Responses that later rounds will hand out."""
    n_pending: int = 0
    """Problems that could not be classified."""
    info: dict[str, Any] = field(default_factory=dict[str, Any])
    """Figures beside the plan, such as n_not_recorded of engine.method.planning.cap_plan."""
