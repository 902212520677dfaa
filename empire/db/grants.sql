-- What the API and the workers need of the database, and no more, for the role in the setting empire.role.
-- Run by `empire migrate --grant-to ROLE` as the owner of the tables; docs/empire.md says what it gives.
DO $$
DECLARE
    v_role text := current_setting('empire.role'); v_schema text := current_schema();
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_role) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', v_role); -- without a password
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), v_role);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', v_schema, v_role);
    EXECUTE format('GRANT SELECT ON schema_migrations TO %I', v_role);
    EXECUTE format('GRANT SELECT, INSERT ON content, analytics, optimizations TO %I', v_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON products, workflows, counters, analytics_daily TO %I', v_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON wf_run, wf_event, wf_task, wf_timer, wf_request, wf_worker,'
        ' wf_effect TO %I', v_role);
    EXECUTE format('GRANT SELECT, UPDATE (next_at, last_at, last_run, started, skipped, missed) ON wf_schedule TO %I',
        v_role); -- what they take, not when
    EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %I', pg_get_serial_sequence('content', 'id'), v_role);
END $$;
