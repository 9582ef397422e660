"""Numbered migrations, after those of engine.store.changes."""

NEWER_CHANGES: list[tuple[str, str]] = [
    (
        (
            "A run may be watched in other tools while it works: which of them, and what of each"
            " job was sent already."
        ),
        """
        CREATE TABLE trackings (
            run_id VARCHAR PRIMARY KEY,
            trackers VARCHAR NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL
        );
        CREATE TABLE sent_figures (
            job_id VARCHAR,
            tracker VARCHAR,
            step INTEGER NOT NULL,
            has_end BOOLEAN NOT NULL,
            PRIMARY KEY (job_id, tracker)
        );
        """,
    ),
    (
        "Questions in SQL are saved by name.",
        """
        CREATE TABLE questions (
            name VARCHAR PRIMARY KEY,
            sql VARCHAR NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL
        );
        """,
    ),
    (
        "What asking a generative reward model took, beside the step scores.",
        """
        CREATE TABLE score_costs (
            set_id VARCHAR,
            problem_id VARCHAR,
            idx INTEGER,
            prm_id VARCHAR,
            n_requests INTEGER NOT NULL,
            n_read_tokens BIGINT NOT NULL,
            n_written_tokens BIGINT NOT NULL,
            n_judgements INTEGER NOT NULL,
            n_unreadable INTEGER NOT NULL,
            PRIMARY KEY (set_id, problem_id, idx, prm_id)
        );
        """,
    ),
    (
        (
            "A policy may draw responses while it is trained: which of its steps drew them, what"
            " they were trained with, and which were discarded."
        ),
        """
        CREATE TABLE train_draws (
            run_id VARCHAR,
            iteration INTEGER NOT NULL,
            job_id VARCHAR,
            step INTEGER NOT NULL,
            set_id VARCHAR NOT NULL,
            problem_id VARCHAR,
            idx INTEGER,
            reward DOUBLE NOT NULL,
            is_discarded BOOLEAN NOT NULL,
            PRIMARY KEY (run_id, job_id, problem_id, idx)
        );
        """,
    ),
    (
        "Conditions are saved by name.",
        """
        CREATE TABLE saved_conditions (
            name VARCHAR PRIMARY KEY,
            text VARCHAR NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL
        );
        """,
    ),
    (
        "A person may leave pairs out of those that are built.",
        """
        CREATE TABLE left_out_pairs (
            run_id VARCHAR,
            iteration INTEGER,
            number INTEGER,
            problem_id VARCHAR NOT NULL,
            chosen_index INTEGER NOT NULL,
            rejected_index INTEGER NOT NULL,
            left_out BOOLEAN NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration, number)
        );
        """,
    ),
    (
        "A training problem may belong to several iterations of a run, each with a row of its own.",
        """
        CREATE TABLE drawn_problems (
            run_id VARCHAR,
            role VARCHAR,
            position INTEGER,
            problem_id VARCHAR,
            iteration INTEGER,
            PRIMARY KEY (run_id, role, position)
        );
        INSERT INTO drawn_problems BY NAME SELECT * FROM run_problems;
        DROP TABLE run_problems;
        ALTER TABLE drawn_problems RENAME TO run_problems;
        """,
    ),
]
