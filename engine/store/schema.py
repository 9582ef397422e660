"""The tables as they began, and the numbered migrations that brought them here
(engine.store.changes, engine.store.newer_changes). They run in order, each in one transaction, and
are never edited.

Tables only grow: verdicts and step scores are rows beside responses, metrics are keyed by job and
attempt. One table is thinned out by itself: loads, how busy the machine was.
"""

from engine.store.changes import CHANGES
from engine.store.newer_changes import NEWER_CHANGES

MIGRATIONS: list[tuple[str, str]] = [
    (
        (
            "The first schema: problems, runs, sample sets, responses with verdicts and step"
            " scores, commits, pairs, jobs, metrics."
        ),
        """
        CREATE TABLE problems (
            id VARCHAR PRIMARY KEY,
            question VARCHAR NOT NULL,
            answer VARCHAR NOT NULL,
            level VARCHAR,
            solution VARCHAR
        );
        CREATE TABLE policies (
            id VARCHAR PRIMARY KEY,
            path VARCHAR NOT NULL,
            parent_id VARCHAR,
            created_at TIMESTAMP NOT NULL
        );
        CREATE TABLE runs (
            id VARCHAR PRIMARY KEY,
            name VARCHAR NOT NULL,
            seed UBIGINT NOT NULL,
            config VARCHAR NOT NULL,
            prm_id VARCHAR NOT NULL,
            prm_path VARCHAR NOT NULL,
            parent_id VARCHAR,
            forked_at INTEGER,
            created_at TIMESTAMP NOT NULL
        );
        CREATE TABLE run_problems (
            run_id VARCHAR,
            role VARCHAR,
            position INTEGER,
            problem_id VARCHAR,
            iteration INTEGER,
            PRIMARY KEY (run_id, role, problem_id)
        );
        CREATE TABLE iterations (
            run_id VARCHAR,
            iteration INTEGER,
            policy_id VARCHAR NOT NULL,
            presample_set VARCHAR NOT NULL,
            resample_set VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration)
        );
        CREATE TABLE sample_sets (
            id VARCHAR PRIMARY KEY,
            policy_id VARCHAR NOT NULL,
            purpose VARCHAR NOT NULL,
            iteration INTEGER NOT NULL,
            seed UBIGINT NOT NULL,
            settings VARCHAR NOT NULL,
            sampler VARCHAR NOT NULL,
            owner VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL
        );
        CREATE TABLE responses (
            set_id VARCHAR,
            problem_id VARCHAR,
            idx INTEGER,
            seed UBIGINT NOT NULL,
            text VARCHAR NOT NULL,
            finish_reason VARCHAR NOT NULL,
            n_tokens INTEGER NOT NULL,
            PRIMARY KEY (set_id, problem_id, idx)
        );
        CREATE TABLE verdicts (
            set_id VARCHAR,
            problem_id VARCHAR,
            idx INTEGER,
            correct BOOLEAN NOT NULL,
            predicted VARCHAR,
            status VARCHAR NOT NULL,
            reason VARCHAR NOT NULL,
            PRIMARY KEY (set_id, problem_id, idx)
        );
        CREATE TABLE step_scores (
            set_id VARCHAR,
            problem_id VARCHAR,
            idx INTEGER,
            prm_id VARCHAR,
            scores DOUBLE[] NOT NULL,
            status VARCHAR NOT NULL,
            reward DOUBLE,
            PRIMARY KEY (set_id, problem_id, idx, prm_id)
        );
        CREATE TABLE commits (
            run_id VARCHAR,
            iteration INTEGER,
            tau_l DOUBLE NOT NULL,
            tau_h DOUBLE NOT NULL,
            mode VARCHAR NOT NULL,
            strategy VARCHAR NOT NULL,
            seed UBIGINT NOT NULL,
            n_unspent INTEGER NOT NULL,
            n_pending INTEGER NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration)
        );
        CREATE TABLE allocations (
            run_id VARCHAR,
            iteration INTEGER,
            problem_id VARCHAR,
            difficulty TINYINT NOT NULL,
            n_more INTEGER NOT NULL,
            PRIMARY KEY (run_id, iteration, problem_id)
        );
        CREATE TABLE pair_sets (
            run_id VARCHAR,
            iteration INTEGER,
            n_pairs INTEGER NOT NULL,
            n_foregone INTEGER NOT NULL,
            created_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration)
        );
        CREATE TABLE pairs (
            run_id VARCHAR,
            iteration INTEGER,
            position INTEGER,
            problem_id VARCHAR NOT NULL,
            chosen_index INTEGER NOT NULL,
            rejected_index INTEGER NOT NULL,
            chosen_reward DOUBLE NOT NULL,
            rejected_reward DOUBLE NOT NULL,
            PRIMARY KEY (run_id, iteration, position)
        );
        CREATE SEQUENCE job_order;
        CREATE TABLE jobs (
            id VARCHAR PRIMARY KEY,
            number INTEGER DEFAULT nextval('job_order'),
            run_id VARCHAR NOT NULL,
            iteration INTEGER NOT NULL,
            kind VARCHAR NOT NULL,
            params VARCHAR NOT NULL,
            state VARCHAR NOT NULL,
            attempt INTEGER NOT NULL,
            n_done INTEGER NOT NULL,
            n_total INTEGER,
            n_before INTEGER NOT NULL,
            unit VARCHAR,
            error VARCHAR,
            created_at TIMESTAMP NOT NULL,
            started_at TIMESTAMP,
            finished_at TIMESTAMP,
            busy_s DOUBLE NOT NULL,
            policy_id VARCHAR
        );
        CREATE TABLE metrics (
            job_id VARCHAR,
            attempt INTEGER,
            step INTEGER,
            n_steps INTEGER,
            name VARCHAR,
            value DOUBLE,
            logged_at TIMESTAMP,
            PRIMARY KEY (job_id, attempt, step, name)
        );
        CREATE TABLE checkpoints (
            job_id VARCHAR,
            attempt INTEGER,
            step INTEGER,
            path VARCHAR NOT NULL,
            saved_at TIMESTAMP NOT NULL,
            PRIMARY KEY (job_id, attempt, step)
        );
        CREATE SEQUENCE note_order;
        CREATE TABLE notes (
            number INTEGER DEFAULT nextval('note_order'),
            job_id VARCHAR,
            attempt INTEGER,
            noted_at TIMESTAMP,
            text VARCHAR
        );
        """,
    ),
    *CHANGES,
    *NEWER_CHANGES,
]
