"""What changed in the tables since the first schema, in order. Numbered from 2, each run in one
transaction, and never edited.
"""

CHANGES: list[tuple[str, str]] = [
    (
        (
            "A person may override a verdict: rows beside verdicts, the newest counts, NULL undoes."
            " Reads ask the view judged."
        ),
        """
        CREATE SEQUENCE override_order;
        CREATE TABLE overrides (
            number INTEGER PRIMARY KEY DEFAULT nextval('override_order'),
            set_id VARCHAR NOT NULL,
            problem_id VARCHAR NOT NULL,
            idx INTEGER NOT NULL,
            correct BOOLEAN,
            note VARCHAR NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL
        );
        CREATE VIEW judged AS
            SELECT v.set_id, v.problem_id, v.idx, coalesce(o.correct, v.correct) AS correct,
                v.predicted,
                CASE WHEN o.correct IS NULL THEN v.status WHEN o.correct THEN 'correct'
                    ELSE 'wrong' END AS status,
                v.reason,
                v.correct AS graded_correct, v.status AS graded_status,
                o.note AS override_note, o.made_by AS overridden_by, o.made_at AS overridden_at
            FROM verdicts v LEFT JOIN (
                SELECT * FROM overrides WHERE correct IS NOT NULL
                AND number IN (SELECT max(number) FROM overrides GROUP BY set_id, problem_id, idx)
            ) o ON o.set_id = v.set_id AND o.problem_id = v.problem_id AND o.idx = v.idx;
        """,
    ),
    (
        (
            "Plans of every strategy: its options, its rounds, who is in the pool. Side samples"
            " count in the budget but give no pairs."
        ),
        """
        ALTER TABLE commits ADD COLUMN options VARCHAR DEFAULT '{}';
        ALTER TABLE commits ADD COLUMN n_later INTEGER DEFAULT 0;
        ALTER TABLE allocations ADD COLUMN in_pool BOOLEAN DEFAULT false;
        UPDATE allocations AS a SET in_pool = c.strategy = 'uniform'
            OR list_contains(
                string_split(c.strategy, '+'),
                ['inlier', 'boundary', 'outlier'][a.difficulty + 1])
            FROM commits c WHERE c.run_id = a.run_id AND c.iteration = a.iteration;
        CREATE TABLE rounds (
            run_id VARCHAR,
            iteration INTEGER,
            round INTEGER,
            n_allocated INTEGER NOT NULL,
            decided_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration, round)
        );
        INSERT INTO rounds SELECT c.run_id, c.iteration, 0, coalesce(sum(a.n_more), 0), c.made_at
            FROM commits c LEFT JOIN allocations a USING (run_id, iteration) GROUP BY ALL;
        CREATE TABLE side_samples (
            run_id VARCHAR,
            iteration INTEGER,
            set_id VARCHAR,
            problem_id VARCHAR,
            n INTEGER NOT NULL,
            PRIMARY KEY (run_id, iteration, set_id, problem_id)
        );
        CREATE TABLE tunings (
            run_id VARCHAR,
            iteration INTEGER,
            temperature DOUBLE NOT NULL,
            tau DOUBLE NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration)
        );
        """,
    ),
    (
        (
            "Responses keep the token ids that were sampled, and where the answer begins behind the"
            " thinking. New runs do not choose cut responses; older ones go on as they were begun."
            " What has no reward is NULL in pairs, not NaN."
        ),
        """
        ALTER TABLE responses ADD COLUMN tokens INTEGER[];
        ALTER TABLE responses ADD COLUMN answer_at INTEGER;
        UPDATE runs SET config = json_merge_patch(config, '{"pairs": {"choose_truncated": true}}');
        ALTER TABLE pairs ALTER COLUMN chosen_reward DROP NOT NULL;
        ALTER TABLE pairs ALTER COLUMN rejected_reward DROP NOT NULL;
        UPDATE pairs SET chosen_reward = NULL WHERE isnan(chosen_reward);
        UPDATE pairs SET rejected_reward = NULL WHERE isnan(rejected_reward);
        """,
    ),
    (
        (
            "The first step of a warm-up trains: step k of w takes k / w of the rate. Older runs go"
            " on as they were begun, from rate 0."
        ),
        """
        UPDATE runs SET config = json_merge_patch(config,
            '{"training": {"warmup_from_zero": true}, "init": {"warmup_from_zero": true}}');
        """,
    ),
    (
        (
            "Resamples that another run drew with the same requests are taken over: drawn_in is the"
            " sample set that has them from its own sampler, NULL in that set itself."
        ),
        """
        ALTER TABLE responses ADD COLUMN drawn_in VARCHAR;
        """,
    ),
    (
        (
            "New trainings are computed in bfloat16 where it is native; older runs go on in what"
            " their device gave them."
        ),
        """
        UPDATE runs SET config = json_merge_patch(config,
            '{"training": {"dtype": "by_device"}, "init": {"dtype": "by_device"}}');
        """,
    ),
    (
        (
            "New runs are sampled in bfloat16 where it is native; older ones go on in what their"
            " device gave them."
        ),
        """
        UPDATE runs SET config = json_merge_patch(config, '{"sampling": {"dtype": "by_device"}}')
            WHERE json_extract_string(config, '$.sampling.sampler')
                IN ('hf_local', 'vllm_local', 'ray_pool');
        """,
    ),
    (
        (
            "How answers are found is part of a configuration, and of a sample set. Older runs go"
            " on as they were begun, by the rules before there was a choice, and with problems"
            " whose reference is no answer."
        ),
        """
        ALTER TABLE sample_sets ADD COLUMN graded VARCHAR DEFAULT '';
        UPDATE runs SET config = json_merge_patch(config,
            '{"grading": {"extraction": "earlier"}, "problems": {"keep_unanswerable": true}}');
        """,
    ),
    (
        (
            "Runs have tags, a note and an archive; a run may go on by itself; a job may be put at"
            " the head of the queue."
        ),
        """
        CREATE TABLE labels (
            run_id VARCHAR PRIMARY KEY,
            tags VARCHAR NOT NULL,
            note VARCHAR NOT NULL,
            archived_at TIMESTAMP
        );
        CREATE TABLE unattended (
            run_id VARCHAR PRIMARY KEY,
            n_iterations INTEGER NOT NULL,
            ordered_by VARCHAR NOT NULL,
            ordered_at TIMESTAMP NOT NULL,
            trouble VARCHAR
        );
        ALTER TABLE jobs ADD COLUMN place INTEGER;
        """,
    ),
    (
        "Pair sets say how many correct responses were not chosen because they were cut or ran on.",
        """
        ALTER TABLE pair_sets ADD COLUMN n_cut INTEGER DEFAULT 0;
        ALTER TABLE pair_sets ADD COLUMN n_ran_on INTEGER DEFAULT 0;
        """,
    ),
    (
        "A judge's opinions on responses: rows beside verdicts.",
        """
        CREATE TABLE opinions (
            set_id VARCHAR,
            problem_id VARCHAR,
            idx INTEGER,
            judge VARCHAR,
            says VARCHAR NOT NULL,
            reply VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL,
            PRIMARY KEY (set_id, problem_id, idx, judge)
        );
        """,
    ),
    (
        (
            "A person may pair two responses, leave problems out of a plan, or put them in a class:"
            " rows with who and when, the newest counts, and taking one back is a row too."
        ),
        """
        CREATE TABLE hand_pairs (
            run_id VARCHAR,
            iteration INTEGER,
            number INTEGER,
            problem_id VARCHAR NOT NULL,
            chosen_index INTEGER NOT NULL,
            rejected_index INTEGER NOT NULL,
            wanted BOOLEAN NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration, number)
        );
        CREATE TABLE decisions (
            run_id VARCHAR,
            iteration INTEGER,
            number INTEGER,
            problem_id VARCHAR NOT NULL,
            what VARCHAR,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, iteration, number)
        );
        ALTER TABLE pair_sets ADD COLUMN n_by_hand INTEGER DEFAULT 0;
        ALTER TABLE pair_sets ADD COLUMN n_hand_left_out INTEGER DEFAULT 0;
        """,
    ),
    (
        "A problem has a domain, and what that shows and checks beside the answer.",
        """
        ALTER TABLE problems ADD COLUMN domain VARCHAR DEFAULT 'maths';
        ALTER TABLE problems ADD COLUMN details VARCHAR DEFAULT '';
        """,
    ),
    (
        "How busy the machine was while a job ran.",
        """
        CREATE TABLE loads (
            job_id VARCHAR NOT NULL,
            logged_at TIMESTAMP NOT NULL,
            cpu DOUBLE NOT NULL,
            memory_used BIGINT NOT NULL,
            gpu DOUBLE,
            gpu_used BIGINT,
            tokens_per_s DOUBLE,
            n_running INTEGER
        );
        """,
    ),
    (
        "What a policy answered to held-out problems while it was trained.",
        """
        CREATE TABLE interim_answers (
            job_id VARCHAR,
            step INTEGER,
            position INTEGER,
            problem_id VARCHAR NOT NULL,
            text VARCHAR NOT NULL,
            finish_reason VARCHAR NOT NULL,
            n_tokens INTEGER NOT NULL,
            answer_at INTEGER,
            correct BOOLEAN NOT NULL,
            predicted VARCHAR,
            status VARCHAR NOT NULL,
            reason VARCHAR NOT NULL,
            PRIMARY KEY (job_id, step, position)
        );
        """,
    ),
    (
        (
            "Trainings may keep weights along the way; which step became a policy is a row with who"
            " and when."
        ),
        """
        CREATE TABLE kept_checkpoints (
            job_id VARCHAR,
            step INTEGER,
            path VARCHAR NOT NULL,
            n_bytes BIGINT NOT NULL,
            kept_at TIMESTAMP NOT NULL,
            PRIMARY KEY (job_id, step)
        );
        CREATE SEQUENCE pick_order;
        CREATE TABLE picks (
            number INTEGER PRIMARY KEY DEFAULT nextval('pick_order'),
            job_id VARCHAR NOT NULL,
            step INTEGER NOT NULL,
            automatic BOOLEAN NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL
        );
        """,
    ),
    (
        "A person may tag problems of a run: rows with who and when, the newest counts.",
        """
        CREATE TABLE tags (
            run_id VARCHAR,
            number INTEGER,
            problem_id VARCHAR NOT NULL,
            tag VARCHAR NOT NULL,
            wanted BOOLEAN NOT NULL,
            made_by VARCHAR NOT NULL,
            made_at TIMESTAMP NOT NULL,
            PRIMARY KEY (run_id, number)
        );
        """,
    ),
    (
        (
            "Paths in the folder beside the database are stored relative to it, so that both can be"
            " moved together."
        ),
        """
        UPDATE policies SET path = '{files}/' || substr(policies.path, length(home.folder) + 1)
            FROM (SELECT path || '.files/' AS folder FROM duckdb_databases()
                WHERE database_name = current_database()) home
            WHERE starts_with(policies.path, home.folder);
        UPDATE runs SET prm_path = CASE WHEN starts_with(prm_path, home.folder)
                THEN '{files}/' || substr(prm_path, length(home.folder) + 1) ELSE prm_path END,
            config = replace(config, '"' || home.folder, '"{files}/')
            FROM (SELECT path || '.files/' AS folder FROM duckdb_databases()
                WHERE database_name = current_database()) home
            WHERE home.folder IS NOT NULL;
        UPDATE kept_checkpoints SET path = '{files}/'
                || substr(kept_checkpoints.path, length(home.folder) + 1)
            FROM (SELECT path || '.files/' AS folder FROM duckdb_databases()
                WHERE database_name = current_database()) home
            WHERE starts_with(kept_checkpoints.path, home.folder);
        """,
    ),
    (
        "A verdict knows which rules gave it: 1 for those from before this was stored.",
        "ALTER TABLE verdicts ADD COLUMN rules SMALLINT DEFAULT 1;",
    ),
]
