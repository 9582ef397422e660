"""Files that a training leaves: the new policy in a folder named by its content, a LoRA adapter,
the optimiser's state.
"""

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.config import TrainingConfig
from engine.errors import TrainingError, in_one_line
from engine.events import Event, Note, PolicySaved
from engine.models.weights import adapter_folder, content_id
from engine.models.whole import load_whole, with_adapter
from engine.paths import flush_to_disk, set_aside, write_text, written_whole
from engine.training import TrainingTask, ranks
from engine.training.checkpoints import remove_checkpoints

SAVED = "policy_id"
"""File in the work folder that names the policy once it is saved, and the step of weights that were
picked: a crash after that trains nothing again.
"""

_NAMED = re.compile(r"([0-9a-f]{16})(?: (\d+))?")

OPTIMISER = "optimizer.pt"
"""File in the work folder with the optimiser's state, for the training that inherits it: never
inside the policy's folder.
"""


def saved_policy(work: Path, policies: Path, emit: Callable[[Event], None]) -> PolicySaved | None:
    """The policy that this training has saved already, if its files are what was saved; None before
    that. What is damaged is set aside, and a note says so.
    """
    saved = work / SAVED
    try:
        content = saved.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    named = _NAMED.fullmatch(content.strip())
    if not named:
        emit(Note(f"{SAVED} of this training names no policy, so it is not taken as finished."))
        saved.unlink()
        return None
    policy_id, step = named[1], named[2]
    final = policies / policy_id
    if final.is_dir() and content_id(final) == policy_id:
        return PolicySaved(policy_id, str(final), int(step) if step else None)
    what = "was not what was saved any more" if final.is_dir() else "is missing"
    emit(Note(f"The policy {policy_id} {what}{_aside(final)}: it is trained again."))
    saved.unlink()
    return None


def save_policy(trainer, tokenizer, task: TrainingTask) -> PolicySaved | None:
    """Save what was trained as an ordinary model folder in the policy's own dtype; a LoRA adapter
    is merged, and kept beside it.

    Every rank calls it, because sharded weights are gathered; the first one writes. Returns: None
    on the others.
    """
    model = _whole(trainer, task)
    return _written(model, tokenizer, task, None) if ranks.is_first() else None


def publish(task: TrainingTask, weights: Path, *, step: int | None = None) -> PolicySaved:
    """Save weights that were kept along the way as a policy, as if the training had ended there.

    Args:
        step: of weights that the configuration picked.

    Raises: TrainingError if they are gone or damaged.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    is_adapter = (weights / "adapter_config.json").is_file()
    trust = task.trust_remote_code
    try:
        tokenizer = AutoTokenizer.from_pretrained(task.policy_path, trust_remote_code=trust)
        model: Any = load_whole(
            AutoModelForCausalLM,
            task.policy_path if is_adapter else str(weights),
            dtype=torch.float32,
            trust_remote_code=trust,
        )
        if is_adapter:
            model.generation_config = GenerationConfig.from_pretrained(weights)
            model = with_adapter(model, weights)
    except Exception as error:  # damaged files raise what they like
        raise TrainingError(
            f"The weights kept at {weights} cannot be read ({in_one_line(error)}). Pick another"
            " step, or train again."
        ) from error
    return _written(model, tokenizer, task, step)


def _written(model: Any, tokenizer: Any, task: TrainingTask, step: int | None) -> PolicySaved:
    """A trained model in the policies' folder, named by its content."""
    work, policies = Path(task.work_dir), Path(task.policies_dir)
    unnamed = work / "policy"
    for folder in (unnamed, adapter_folder(unnamed)):
        shutil.rmtree(folder, ignore_errors=True)
    if hasattr(model, "peft_config"):
        model.save_pretrained(adapter_folder(unnamed), save_embedding_layers=False)
        model = model.merge_and_unload()
    own = _own_config(task)
    model.to(own.dtype)
    model.config.use_cache = own.use_cache
    model.save_pretrained(unnamed)
    tokenizer.save_pretrained(str(unnamed))
    policy_id = content_id(unnamed)
    policies.mkdir(parents=True, exist_ok=True)
    final = policies / policy_id
    for source, target in ((adapter_folder(unnamed), adapter_folder(final)), (unnamed, final)):
        if source.exists():
            _put(source, target)
    write_text(work / SAVED, policy_id if step is None else f"{policy_id} {step}")
    flush_to_disk(work / SAVED)
    remove_checkpoints(work)
    shutil.rmtree(work / "rows", ignore_errors=True)
    return PolicySaved(policy_id, str(final), step)


def _put(source: Path, target: Path) -> None:
    """Give a new folder its place, on the disk; one there that is the same stays, another one is
    set aside.
    """
    if target.is_dir() and content_id(target) == content_id(source):
        shutil.rmtree(source)
        return
    flush_to_disk(source)
    _aside(target)
    source.replace(target)
    flush_to_disk(target.parent, deep=False)


def _aside(path: Path) -> str:
    """Move away what is at a path; says where to, in words, and nothing where nothing was."""
    if not path.exists():
        return ""
    return f" and was set aside as {set_aside(path).name}"


def require_whole(trainer, config: TrainingConfig) -> None:
    """Raises: TrainingError for what cannot be saved where weights or the optimiser's state are
    sharded.
    """
    if config.inherit_optimizer and (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
        raise TrainingError(
            "training.inherit_optimizer is true: it must be false with FSDP and DeepSpeed, which"
            " keep the optimiser's state in shards. Set it to false, or leave"
            " training.accelerate_config out."
        )
    if config.lora_rank is not None and trainer.is_fsdp_enabled:
        raise TrainingError(
            f"training.lora_rank is {config.lora_rank}: it must be left out with FSDP, because an"
            " adapter in shards is not merged. Leave it out, or use a training.accelerate_config"
            " without FSDP."
        )


def save_optimiser(trainer, work: Path) -> None:
    """Keep the moments and step counts for the training that goes on with them."""
    import torch

    if ranks.is_first():
        with written_whole(work / OPTIMISER) as draft:
            torch.save(trainer.optimizer.state_dict()["state"], draft)
            flush_to_disk(draft)
        flush_to_disk(work, deep=False)


def folder_with_optimiser(folders: list[Path]) -> Path:
    """The last of some work folders that kept its optimiser's state. Raises: TrainingError if none
    did.
    """
    with_optimiser = [folder for folder in folders if (folder / OPTIMISER).is_file()]
    if not with_optimiser:
        raise TrainingError(
            "training.inherit_optimizer is true, and the training of the policy that this iteration"
            " begins with kept no optimiser state. Train that one with training.inherit_optimizer ="
            " true too, or set it to false."
        )
    return with_optimiser[-1]


def inherit_optimiser(optimizer, work: Path) -> None:
    """Give an optimiser the moments and step counts of an earlier training; rates and decay stay
    this training's own.

    Raises: TrainingError if they are damaged, or of other weights.
    """
    path = work / OPTIMISER
    state = _read_optimiser(path)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    shapes = {i: tuple(p.shape) for i, p in enumerate(parameters)}
    if {i: tuple(of["exp_avg"].shape) for i, of in state.items()} != shapes:
        raise TrainingError(
            f"The optimiser state at {path} is of other weights than the {len(parameters)} tensors"
            " of this policy. Set training.inherit_optimizer to false, or train from the policy"
            " that the state belongs to."
        )
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )


def _read_optimiser(path: Path) -> Any:
    """Raises: TrainingError for a damaged file."""
    import torch

    try:
        with zipfile.ZipFile(path) as parts:  # torch does not look at the checksums it wrote
            if damaged := parts.testzip():
                raise ValueError(f"the content of {damaged} is not what was written")
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files raise what they like
        raise TrainingError(
            f"The optimiser state at {path} is damaged ({in_one_line(error)}). Set"
            " training.inherit_optimizer to false, or train the policy that it belongs to once"
            " more."
        ) from error


def _whole(trainer, task: TrainingTask) -> Any:
    """The trained model with all its weights; under FSDP gathered, where only the first rank gets
    them.
    """
    if not trainer.is_fsdp_enabled:
        return trainer.accelerator.unwrap_model(trainer.model)
    from transformers import AutoModelForCausalLM

    weights = trainer.accelerator.get_state_dict(trainer.model)
    if not ranks.is_first():
        return None
    model: Any = AutoModelForCausalLM.from_pretrained(
        task.policy_path, trust_remote_code=task.trust_remote_code
    )
    model.load_state_dict(weights)
    return model


def _own_config(task: TrainingTask) -> Any:
    """The policy's own configuration; training turns its cache off."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(task.policy_path, trust_remote_code=task.trust_remote_code)
