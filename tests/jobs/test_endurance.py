"""The short form of `python -m benchmarks endurance`: kills at fixed moments in one study and one
migration; and every way of damage, which can be put back.
"""

import itertools
import random

import pytest

from benchmarks import damage, migrations
from benchmarks.attempts import BOTH, PARENT, Stop
from benchmarks.endurance import Study, Tally
from benchmarks.halting import CHECKPOINT, EVENT, MIGRATION, PAIRS, PLAN, TRANSACTION
from engine.paths import artifacts_of

FAR = 10**9
STOPS = (
    Stop(TRANSACTION, 4, FAR, PARENT, 0),
    Stop(PLAN, 1, FAR, BOTH, 0),
    Stop(PAIRS, 1, FAR, PARENT, 0),
    Stop(CHECKPOINT, 1, FAR, BOTH, 0),
    Stop(EVENT, 6, FAR, PARENT, 0),
)
NOWHERE = Stop("never", 1, FAR, PARENT, 0)


def test_a_study_that_is_killed_within_plan_pairs_and_checkpoint_ends_like_an_unbroken_one(
    finished, tmp_path
):
    tally = Tally()
    study = Study(tmp_path / "study", "inline", tally)
    study.endure(itertools.chain(STOPS, itertools.repeat(NOWHERE)), random, damaged_share=0)
    study.compare(finished.db)
    assert tally.wrong == [] and tally.stops.total() == len(STOPS)


def test_a_database_that_is_killed_within_a_migration_is_migrated_by_the_next(tmp_path):
    wrong = []
    stops = itertools.chain([Stop(MIGRATION, 5, FAR, PARENT, 0)], itertools.repeat(NOWHERE))
    assert len(migrations.endure(tmp_path, stops, random, wrong.append)) == 1 and wrong == []


@pytest.mark.parametrize("way", [*damage.WAYS, damage.REMOVED, damage.FOLDER])
def test_every_way_of_damage_changes_the_file_and_can_be_put_back(tmp_path, way):
    folder = tmp_path / "study"
    policy = artifacts_of(folder / "studio.duckdb") / "policies" / "m1" / "config.json"
    policy.parent.mkdir(parents=True)
    policy.write_bytes(b"{}" * 50)
    damage.keep_copy(folder)
    damage.Damage("policy, config.json", way, policy).do(random.Random(0))
    assert not policy.is_file() or policy.read_bytes() != b"{}" * 50
    assert damage.put_back(folder) and policy.read_bytes() == b"{}" * 50
    assert not damage.put_back(folder)
