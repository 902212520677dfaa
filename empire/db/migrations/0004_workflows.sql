-- The workflow engine: histories, tasks, timers, leases (docs/empire.md, docs/adr/0024).
--
-- A run is an append-only history of events with the numbers of Temporal's event types. A decision task asks
-- a worker what follows from the history; its answer, the commands, becomes events and further tasks in one
-- transaction. The functions here are the transactions: each locks its run's row first, then touches tasks,
-- so that any two of them queue up instead of deadlocking. Whoever holds a task holds its lease, a random
-- number that changes with each claim: an answer with an old lease changes nothing.

CREATE TABLE wf_run (
    run_id        uuid PRIMARY KEY,                -- also the id of the business record in workflows
    workflow_id   text NOT NULL,
    type          text NOT NULL,
    queue         text NOT NULL,
    status        text NOT NULL DEFAULT 'running'
                  CHECK (status IN ('running', 'completed', 'failed', 'cancelled', 'terminated', 'timed_out')),
    started_at    timestamptz NOT NULL DEFAULT now(),
    closed_at     timestamptz,
    deadline      timestamptz NOT NULL,            -- execution timeout
    next_event_id integer NOT NULL DEFAULT 1
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX wf_run_running ON wf_run (workflow_id) WHERE status = 'running';
CREATE INDEX wf_run_deadline ON wf_run (deadline) WHERE status = 'running';

CREATE TABLE wf_event (
    run_id   uuid NOT NULL,
    event_id integer NOT NULL,
    type     smallint NOT NULL,                    -- empire/workflow/history.h has the names
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    ref      integer,                              -- the event that this one closes; 7: the last one it saw
    name     text,                                 -- of activity, timer or signal
    kind     text,                                 -- type of workflow or activity
    payload  json,                                 -- input, result or failure, as it was given
    attempt  integer,
    worker   text,
    began    timestamptz,                          -- when the worker took it
    PRIMARY KEY (run_id, event_id)
);

CREATE TABLE wf_task (
    task_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue          text NOT NULL,
    kind           "char" NOT NULL CHECK (kind IN ('d', 'a')),      -- decision, activity
    run_id         uuid NOT NULL,
    ref            integer NOT NULL DEFAULT 0,                      -- event 10 of an activity
    name           text NOT NULL DEFAULT '',
    activity       text NOT NULL DEFAULT '',
    payload        json,
    visible_at     timestamptz NOT NULL DEFAULT now(),              -- claimed: the end of the lease
    scheduled_at   timestamptz NOT NULL DEFAULT now(),              -- ready since, of this attempt
    began          timestamptz,
    lease          uuid,
    leased_by      text,
    attempt        integer NOT NULL DEFAULT 0,
    failure        json,                                            -- of the attempt before
    max_attempts   integer NOT NULL DEFAULT 2147483647,
    initial_ms     bigint NOT NULL DEFAULT 1000,
    coefficient    double precision NOT NULL DEFAULT 2,
    max_interval_ms bigint NOT NULL DEFAULT 60000,
    start_to_close interval NOT NULL DEFAULT '10 minutes',
    heartbeat      interval NOT NULL DEFAULT '30 seconds'
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX wf_task_ready ON wf_task (queue, kind, visible_at);
CREATE INDEX wf_task_run ON wf_task (run_id);
-- At most one decision task per run: histories never fork.
CREATE UNIQUE INDEX wf_task_decision ON wf_task (run_id) WHERE kind = 'd';

CREATE TABLE wf_timer (
    run_id   uuid NOT NULL,
    ref      integer NOT NULL,
    name     text NOT NULL,
    fire_at  timestamptz NOT NULL,
    PRIMARY KEY (run_id, ref)
);
CREATE INDEX wf_timer_fire_at ON wf_timer (fire_at);

CREATE TABLE wf_request (
    request_id text PRIMARY KEY,
    run_id     uuid NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE wf_worker (
    worker_id          text PRIMARY KEY,           -- host:pid:start
    host               text NOT NULL,
    pid                integer NOT NULL,
    queue              text NOT NULL,
    max_workflow_tasks integer NOT NULL,
    max_activities     integer NOT NULL,
    used_workflow_tasks integer NOT NULL,
    used_activities    integer NOT NULL,
    samples            json NOT NULL,              -- [{"m":metric,"l":labels,"v":value}]
    started_at         timestamptz NOT NULL DEFAULT now(),
    seen_at            timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- What an activity did to the outside, once per (run, activity): a repeated attempt finds its row here and
-- returns the same result. Written in the transaction that has the activity's rows.
CREATE TABLE wf_effect (
    run_id      uuid NOT NULL,
    activity_id text NOT NULL,
    result      json NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, activity_id)
);

-- What workflows write into the service's own tables.
ALTER TABLE content ADD COLUMN run_id uuid, ADD COLUMN activity_id text, ADD COLUMN body text, ADD COLUMN url text,
    ALTER COLUMN platform DROP NOT NULL;           -- a script or a video is for all of them
ALTER TABLE workflows DROP CONSTRAINT workflows_video_count_check;
ALTER TABLE workflows ADD CONSTRAINT workflows_video_count_check CHECK (video_count >= 0); -- optimization has none

CREATE TABLE optimizations (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id          uuid,
    kind            text NOT NULL CHECK (kind IN ('daily', 'weekly')),
    recommendations json NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);

-- The counters of workflows by status in one order, whichever way a statement changes them: two transactions
-- that share a shard would deadlock otherwise.
CREATE OR REPLACE FUNCTION workflows_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM counter_add('workflows:' || s.status, s.n)
        FROM (SELECT status, count(*) AS n FROM added GROUP BY status ORDER BY status) s;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM counter_add('workflows:' || s.status, -s.n)
        FROM (SELECT status, count(*) AS n FROM removed GROUP BY status ORDER BY status) s;
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM counter_add('workflows:' || s.status, s.n)
        FROM (SELECT status, sum(n) AS n
              FROM (SELECT status, 1 AS n FROM added UNION ALL SELECT status, -1 FROM removed) b
              GROUP BY status HAVING sum(n) <> 0 ORDER BY status) s;
    ELSE
        DELETE FROM counters WHERE name LIKE 'workflows:%';
    END IF;
    RETURN NULL;
END $$;

-- Starting ----------------------------------------------------------------------------------------

-- A new decision task unless there is one. NOTIFY is a hint: workers poll as well.
CREATE FUNCTION wf_wake(p_run uuid, p_queue text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO wf_task (queue, kind, run_id) VALUES (p_queue, 'd', p_run)
    ON CONFLICT (run_id) WHERE kind = 'd' DO NOTHING;
END $$;

-- The run of `p_workflow_id`: the one that runs, or a new one with its history, its first task and its
-- business record. The same request id gives the same run for ever.
CREATE FUNCTION wf_start(p_workflow_id text, p_type text, p_queue text, p_input json, p_request_id text,
                         p_timeout interval)
RETURNS TABLE (run uuid, is_new boolean) LANGUAGE plpgsql AS $$
DECLARE
    v_run uuid;
BEGIN
    IF p_request_id IS NOT NULL THEN
        SELECT q.run_id INTO v_run FROM wf_request q WHERE q.request_id = p_request_id;
        IF FOUND THEN RETURN QUERY SELECT v_run, false; RETURN; END IF;
    END IF;
    LOOP
        SELECT r.run_id INTO v_run FROM wf_run r WHERE r.workflow_id = p_workflow_id AND r.status = 'running';
        IF FOUND THEN RETURN QUERY SELECT v_run, false; RETURN; END IF;
        INSERT INTO wf_run AS r (run_id, workflow_id, type, queue, deadline, next_event_id)
        VALUES (gen_random_uuid(), p_workflow_id, p_type, p_queue, now() + p_timeout, 2)
        ON CONFLICT (workflow_id) WHERE status = 'running' DO NOTHING RETURNING r.run_id INTO v_run;
        EXIT WHEN FOUND;        -- else somebody else's has just committed: look again
    END LOOP;
    IF p_request_id IS NOT NULL THEN
        INSERT INTO wf_request (request_id, run_id) VALUES (p_request_id, v_run);
    END IF;
    INSERT INTO workflows (id, type, video_count, dry_run)
    VALUES (v_run, p_type, coalesce((p_input->>'videoCount')::int, 0), coalesce((p_input->>'dryRun')::boolean, false));
    INSERT INTO wf_event (run_id, event_id, type, kind, payload) VALUES (v_run, 1, 1, p_type, p_input);
    PERFORM wf_wake(v_run, p_queue);
    PERFORM pg_notify('empire_wf', p_queue);
    RETURN QUERY SELECT v_run, true;
END $$;

-- The same for the API: one per type and day unless it has a name of its own; gives the business record.
CREATE FUNCTION wf_start_record(p_type text, p_video_count integer, p_dry_run boolean, p_name text)
RETURNS SETOF workflows LANGUAGE plpgsql AS $$
DECLARE
    v_run uuid;
BEGIN
    SELECT s.run INTO v_run FROM wf_start(
        p_type || '-' || coalesce(p_name, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')), p_type, 'daily-control-loop',
        json_build_object('videoCount', p_video_count, 'dryRun', p_dry_run), NULL, interval '24 hours') s;
    RETURN QUERY SELECT w.* FROM workflows w WHERE w.id = v_run;
END $$;

-- Business records after their runs; the last statement of a transaction, in one order.
CREATE FUNCTION wf_sync_records(p_runs uuid[]) RETURNS void LANGUAGE sql AS $$
    UPDATE workflows w
    SET status = s.status, started_at = coalesce(w.started_at, now()), finished_at = s.closed_at
    FROM (SELECT r.run_id, r.closed_at,
                 CASE r.status WHEN 'timed_out' THEN 'failed' WHEN 'terminated' THEN 'cancelled' ELSE r.status END AS status
          FROM wf_run r WHERE r.run_id = ANY (p_runs) ORDER BY r.run_id) s
    WHERE w.id = s.run_id AND w.status IS DISTINCT FROM s.status
$$;

-- Decisions ---------------------------------------------------------------------------------------

-- Ends a run that the caller has locked. Its open tasks and timers go with it.
CREATE FUNCTION wf_close(p_run uuid, p_status text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE wf_run SET status = p_status, closed_at = now() WHERE run_id = p_run;
    DELETE FROM wf_task WHERE run_id = p_run;
    DELETE FROM wf_timer WHERE run_id = p_run;
END $$;

-- Takes a worker's answer: commands as a JSON array. False, and nothing changes, when the lease is not the
-- task's any more. What happened since event p_seen gets a new decision task.
CREATE FUNCTION wf_complete_decision(p_task bigint, p_lease uuid, p_seen integer, p_worker text, p_commands json)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_run uuid; v_queue text; v_next integer; v_began timestamptz; v_count integer; v_close smallint; v_payload json;
BEGIN
    SELECT run_id INTO v_run FROM wf_task WHERE task_id = p_task AND lease = p_lease;
    IF NOT FOUND THEN RETURN false; END IF;
    SELECT next_event_id, queue INTO v_next, v_queue FROM wf_run WHERE run_id = v_run AND status = 'running' FOR UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    DELETE FROM wf_task WHERE task_id = p_task AND lease = p_lease RETURNING began INTO v_began;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO wf_event (run_id, event_id, type, ref, worker, began) VALUES (v_run, v_next, 7, p_seen, p_worker, v_began);
    WITH c AS (
        SELECT v_next + row_number() OVER ()::int AS id, x.*
        FROM json_to_recordset(p_commands) AS x(type smallint, name text, kind text, payload json, delay_ms bigint,
            max_attempts integer, initial_ms bigint, coefficient double precision, max_interval_ms bigint,
            start_to_close_ms bigint, heartbeat_ms bigint)
    ), e AS (
        INSERT INTO wf_event (run_id, event_id, type, name, kind, payload)
        SELECT v_run, c.id, c.type, c.name, c.kind, c.payload FROM c
    ), a AS (
        INSERT INTO wf_task (queue, kind, run_id, ref, name, activity, payload, max_attempts, initial_ms, coefficient,
                             max_interval_ms, start_to_close, heartbeat)
        SELECT v_queue, 'a', v_run, c.id, c.name, c.kind, c.payload, c.max_attempts, c.initial_ms, c.coefficient,
               c.max_interval_ms, c.start_to_close_ms * interval '1 ms', c.heartbeat_ms * interval '1 ms'
        FROM c WHERE c.type = 10
    ), t AS (
        INSERT INTO wf_timer (run_id, ref, name, fire_at)
        SELECT v_run, c.id, c.name, now() + c.delay_ms * interval '1 ms' FROM c WHERE c.type = 17
    )
    SELECT count(*), max(type) FILTER (WHERE type IN (2, 3, 21)) INTO v_count, v_close FROM c;
    UPDATE wf_run SET next_event_id = v_next + 1 + v_count WHERE run_id = v_run;
    IF v_close IS NOT NULL THEN
        PERFORM wf_close(v_run, CASE v_close WHEN 2 THEN 'completed' WHEN 3 THEN 'failed' ELSE 'cancelled' END);
    ELSIF v_next - 1 > p_seen THEN
        PERFORM wf_wake(v_run, v_queue);
    END IF;
    RETURN true;
END $$;

-- The worker could not decide (its code does not fit the history): noted once, tried again later.
CREATE FUNCTION wf_fail_decision(p_task bigint, p_lease uuid, p_worker text, p_failure json, p_delay_ms bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_run uuid; v_next integer; v_task wf_task;
BEGIN
    SELECT run_id INTO v_run FROM wf_task WHERE task_id = p_task AND lease = p_lease;
    IF NOT FOUND THEN RETURN false; END IF;
    SELECT next_event_id INTO v_next FROM wf_run WHERE run_id = v_run AND status = 'running' FOR UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE wf_task SET lease = NULL, leased_by = NULL, visible_at = now() + p_delay_ms * interval '1 ms',
                       scheduled_at = now() + p_delay_ms * interval '1 ms'
    WHERE task_id = p_task AND lease = p_lease RETURNING * INTO v_task;
    IF NOT FOUND THEN RETURN false; END IF;
    IF v_task.attempt = 1 THEN
        INSERT INTO wf_event (run_id, event_id, type, payload, worker) VALUES (v_run, v_next, 9, p_failure, p_worker);
        UPDATE wf_run SET next_event_id = v_next + 1 WHERE run_id = v_run;
    END IF;
    RETURN true;
END $$;

-- Activities --------------------------------------------------------------------------------------

-- Closes an activity: p_type 12 completed, 13 failed. False, and nothing changes, with an old lease.
CREATE FUNCTION wf_close_activity(p_task bigint, p_lease uuid, p_type integer, p_payload json, p_worker text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_run uuid; v_queue text; v_next integer; v_task wf_task;
BEGIN
    SELECT run_id INTO v_run FROM wf_task WHERE task_id = p_task AND lease = p_lease;
    IF NOT FOUND THEN RETURN false; END IF;
    SELECT next_event_id, queue INTO v_next, v_queue FROM wf_run WHERE run_id = v_run AND status = 'running' FOR UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    DELETE FROM wf_task WHERE task_id = p_task AND lease = p_lease RETURNING * INTO v_task;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO wf_event (run_id, event_id, type, ref, name, kind, payload, attempt, worker, began)
    VALUES (v_run, v_next, p_type, v_task.ref, v_task.name, v_task.activity, p_payload, v_task.attempt, p_worker, v_task.began);
    UPDATE wf_run SET next_event_id = v_next + 1 WHERE run_id = v_run;
    PERFORM wf_wake(v_run, v_queue);
    RETURN true;
END $$;

-- From outside ------------------------------------------------------------------------------------

-- Appends an event that somebody outside causes: 20 cancel requested, 26 signalled, 27 terminated.
CREATE FUNCTION wf_tell(p_run uuid, p_type integer, p_name text, p_payload json) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_queue text; v_next integer;
BEGIN
    SELECT next_event_id, queue INTO v_next, v_queue FROM wf_run WHERE run_id = p_run AND status = 'running' FOR UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO wf_event (run_id, event_id, type, name, payload) VALUES (p_run, v_next, p_type, p_name, p_payload);
    UPDATE wf_run SET next_event_id = v_next + 1 WHERE run_id = p_run;
    IF p_type = 27 THEN
        PERFORM wf_close(p_run, 'terminated');
        PERFORM wf_sync_records(ARRAY[p_run]);
    ELSE
        PERFORM wf_wake(p_run, v_queue);
        PERFORM pg_notify('empire_wf', v_queue);
    END IF;
    RETURN true;
END $$;

-- Time --------------------------------------------------------------------------------------------

-- Fires timers, ends activities whose last attempt was lost and runs over their deadline. One worker at a
-- time does it; runs that somebody has locked wait for the next round. Gives the number of runs touched.
CREATE FUNCTION wf_sweep() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_run wf_run; v_count integer := 0; v_closed uuid[] := '{}'; v_timer wf_timer; v_task wf_task;
BEGIN
    IF NOT pg_try_advisory_xact_lock(727117002) THEN RETURN 0; END IF;
    FOR v_run IN
        SELECT r.* FROM wf_run r WHERE r.status = 'running' AND r.run_id IN (
            (SELECT run_id FROM wf_timer WHERE fire_at <= now() ORDER BY fire_at LIMIT 500)
            UNION (SELECT run_id FROM wf_task WHERE kind = 'a' AND visible_at <= now() AND attempt >= max_attempts LIMIT 500)
            UNION (SELECT run_id FROM wf_run WHERE status = 'running' AND deadline <= now() LIMIT 500))
        ORDER BY r.run_id FOR UPDATE SKIP LOCKED
    LOOP
        v_count := v_count + 1;
        IF v_run.deadline <= now() THEN
            INSERT INTO wf_event (run_id, event_id, type) VALUES (v_run.run_id, v_run.next_event_id, 4);
            UPDATE wf_run SET next_event_id = next_event_id + 1 WHERE run_id = v_run.run_id;
            PERFORM wf_close(v_run.run_id, 'timed_out');
            v_closed := v_closed || v_run.run_id;
            CONTINUE;
        END IF;
        FOR v_timer IN DELETE FROM wf_timer WHERE run_id = v_run.run_id AND fire_at <= now() RETURNING * LOOP
            INSERT INTO wf_event (run_id, event_id, type, ref, name)
            VALUES (v_run.run_id, v_run.next_event_id, 18, v_timer.ref, v_timer.name);
            v_run.next_event_id := v_run.next_event_id + 1;
        END LOOP;
        FOR v_task IN DELETE FROM wf_task WHERE run_id = v_run.run_id AND kind = 'a' AND visible_at <= now()
                      AND attempt >= max_attempts RETURNING * LOOP
            INSERT INTO wf_event (run_id, event_id, type, ref, name, kind, payload, attempt, worker, began)
            VALUES (v_run.run_id, v_run.next_event_id, 14, v_task.ref, v_task.name, v_task.activity,
                    '{"message":"no sign of life from the worker before the lease ended"}', v_task.attempt, v_task.leased_by,
                    v_task.began);
            v_run.next_event_id := v_run.next_event_id + 1;
        END LOOP;
        UPDATE wf_run SET next_event_id = v_run.next_event_id WHERE run_id = v_run.run_id;
        PERFORM wf_wake(v_run.run_id, v_run.queue);
        PERFORM pg_notify('empire_wf', v_run.queue);
    END LOOP;
    DELETE FROM wf_worker WHERE seen_at < now() - interval '1 minute';
    IF v_closed <> '{}' THEN PERFORM wf_sync_records(v_closed); END IF;
    RETURN v_count;
END $$;
