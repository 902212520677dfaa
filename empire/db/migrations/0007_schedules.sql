-- Schedules: runs that start at the times of a calendar (docs/empire.md, docs/adr/0024).
--
-- When a schedule is due next stands in its row; the times are computed by the program (empire/workflow/cron.h),
-- because it has to do the same without a database. Any worker may take a due action: the function below locks
-- the row, passes over it when somebody else has it, and does nothing when it is not due at that time any more.
-- Moving the row on and starting the run are one transaction, so a worker that dies in between has done neither.

CREATE TABLE wf_schedule (
    schedule_id text PRIMARY KEY CHECK (schedule_id ~ '^[A-Za-z0-9._-]{1,40}$'),
    type        text NOT NULL,
    queue       text NOT NULL,
    input       json NOT NULL,
    cron        text NOT NULL,                     -- five fields, UTC
    catch_up    interval NOT NULL,                 -- what was due longer ago is not taken
    paused      boolean NOT NULL DEFAULT true,
    next_at     timestamptz,                       -- null: never
    last_at     timestamptz,                       -- when the last action that was taken had been due
    last_run    uuid,
    started     bigint NOT NULL DEFAULT 0,
    skipped     bigint NOT NULL DEFAULT 0,         -- due while the run before was open
    missed      bigint NOT NULL DEFAULT 0,         -- due while no worker lived, too long ago
    CHECK (NOT paused OR next_at IS NULL),
    -- Nothing that wf_start() would refuse later, in the workers.
    CHECK (coalesce((input->>'videoCount')::int, 0) >= 0 AND coalesce((input->>'dryRun')::boolean, false) IS NOT NULL)
);

-- One action: the run, or the one that is open already. The caller has locked the row.
CREATE FUNCTION wf_schedule_act(p_id text, p_at timestamptz) RETURNS TABLE (run uuid, is_new boolean)
LANGUAGE plpgsql AS $$
DECLARE
    v_schedule wf_schedule; v_run uuid; v_new boolean;
BEGIN
    SELECT * INTO STRICT v_schedule FROM wf_schedule s WHERE s.schedule_id = p_id;
    IF EXISTS (SELECT FROM wf_run r WHERE r.run_id = v_schedule.last_run AND r.status = 'running') THEN
        UPDATE wf_schedule SET skipped = skipped + 1 WHERE schedule_id = p_id;
        RETURN QUERY SELECT v_schedule.last_run, false;
        RETURN;
    END IF;
    SELECT s.run, s.is_new INTO v_run, v_new FROM wf_start(
        p_id || '-' || to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), v_schedule.type, v_schedule.queue,
        v_schedule.input, NULL, interval '24 hours') s;
    UPDATE wf_schedule SET last_run = v_run, last_at = p_at, started = started + v_new::int,
                           skipped = skipped + (NOT v_new)::int
    WHERE schedule_id = p_id;
    RETURN QUERY SELECT v_run, v_new;
END $$;

-- The turn of a schedule that was seen due at p_due: takes the action of p_at (null: none) and moves on to
-- p_next (null: never). False, and nothing changes: another worker has done it, or is doing it.
CREATE FUNCTION wf_schedule_turn(p_id text, p_due timestamptz, p_at timestamptz, p_next timestamptz,
                                 p_skipped bigint, p_missed bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM wf_schedule WHERE schedule_id = p_id AND next_at = p_due FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE wf_schedule SET next_at = p_next, skipped = skipped + p_skipped, missed = missed + p_missed
    WHERE schedule_id = p_id;
    IF p_at IS NOT NULL THEN PERFORM wf_schedule_act(p_id, p_at); END IF;
    RETURN true;
END $$;

-- An action out of turn. No row: there is no such schedule.
CREATE FUNCTION wf_schedule_trigger(p_id text) RETURNS TABLE (run uuid, is_new boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM wf_schedule WHERE schedule_id = p_id FOR UPDATE;
    IF FOUND THEN RETURN QUERY SELECT a.run, a.is_new FROM wf_schedule_act(p_id, now()) a; END IF;
END $$;

-- What the service is made for, off until somebody turns it on ('empire schedule resume'): a deployment that is
-- updated must not begin to publish by itself. After the hours in which production is load-tested (02:00-04:00).
INSERT INTO wf_schedule (schedule_id, type, queue, input, cron, catch_up) VALUES
    ('daily-control-loop', 'daily-control-loop', 'daily-control-loop', '{"videoCount":50,"dryRun":false}',
     '0 4 * * *', '12 hours'),
    ('weekly-optimization', 'weekly-optimization', 'daily-control-loop', '{"videoCount":0,"dryRun":false}',
     '30 4 * * mon', '12 hours');
