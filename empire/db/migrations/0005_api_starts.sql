-- Starts through the API: a product that is looked up with the start, and Idempotency-Key.
--
-- A request is kept with what it asked for (a hash) and what it was answered (the record as it was then), so
-- that its repetition gets the same answer and another request under the same key is told apart. The key is
-- its holder's: request_id is 'holder:key'. It is forgotten together with its run.

ALTER TABLE wf_request ADD COLUMN fingerprint text, ADD COLUMN record json;

-- outcome: 'started'; 'running', the open run of that type and name; 'repeated', what the same request was
-- answered before; 'conflict', the key stands for another request; 'no_product'. The last two have no record.
CREATE FUNCTION api_start(p_type text, p_name text, p_video_count integer, p_dry_run boolean, p_product bigint,
                          p_platform text, p_request text, p_fingerprint text)
RETURNS TABLE (outcome text, record workflows) LANGUAGE plpgsql AS $$
DECLARE
    v_request wf_request; v_record workflows; v_product jsonb; v_video jsonb; v_run uuid; v_new boolean;
BEGIN
    IF p_request IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_request, 727117003)); -- repetitions queue up
        SELECT * INTO v_request FROM wf_request q WHERE q.request_id = p_request;
        IF FOUND AND v_request.fingerprint IS DISTINCT FROM p_fingerprint THEN
            RETURN QUERY SELECT 'conflict', NULL::workflows;
            RETURN;
        ELSIF FOUND THEN
            RETURN QUERY SELECT 'repeated', json_populate_record(NULL::workflows, v_request.record);
            RETURN;
        END IF;
    END IF;
    IF p_product IS NOT NULL THEN
        SELECT jsonb_build_object('id', p.id, 'name', p.name, 'category', p.category, 'price', p.price::text)
        INTO v_product FROM products p WHERE p.id = p_product;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'no_product', NULL::workflows;
            RETURN;
        END IF;
    END IF;
    IF p_platform IS NOT NULL THEN -- a publication takes the newest video that there is
        SELECT jsonb_build_object('contentId', c.id, 'file', c.url) INTO v_video FROM content c
        WHERE c.product_id = p_product AND c.kind = 'video' AND c.status = 'ready' AND c.url IS NOT NULL
        ORDER BY c.id DESC LIMIT 1;
    END IF;
    SELECT s.run, s.is_new INTO v_run, v_new FROM wf_start(
        p_type || '-' || coalesce(p_name, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')), p_type, 'daily-control-loop',
        jsonb_strip_nulls(jsonb_build_object('videoCount', p_video_count, 'dryRun', p_dry_run, 'product', v_product,
            'platform', p_platform, 'before', v_video))::json, NULL, interval '24 hours') s;
    SELECT * INTO v_record FROM workflows w WHERE w.id = v_run;
    IF p_request IS NOT NULL THEN
        INSERT INTO wf_request (request_id, run_id, fingerprint, record)
        VALUES (p_request, v_run, p_fingerprint, to_json(v_record));
    END IF;
    RETURN QUERY SELECT CASE WHEN v_new THEN 'started' ELSE 'running' END, v_record;
END $$;
