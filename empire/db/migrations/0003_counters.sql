-- Row counts that cost the same however many rows there are, kept exact by triggers.
--
-- /products names the total on every page and /orchestrator/status the number of active workflows: as
-- count(*) both would read the whole table or index per request. A count is the sum over the shards of a
-- name; each database connection writes a shard of its own, so that concurrent inserts do not queue up
-- for one hot row.

CREATE TABLE counters (
    name  text NOT NULL,     -- 'products', 'workflows:<status>'
    shard smallint NOT NULL, -- backend process id modulo 16
    n     bigint NOT NULL,   -- a single shard may be negative, the sum is not
    PRIMARY KEY (name, shard)
) WITH (fillfactor = 50);

CREATE FUNCTION counter_add(counter text, amount bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO counters AS c (name, shard, n) VALUES (counter, pg_backend_pid() % 16, amount)
    ON CONFLICT (name, shard) DO UPDATE SET n = c.n + excluded.n
$$;

CREATE FUNCTION products_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM counter_add('products', count(*)) FROM added;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM counter_add('products', -count(*)) FROM removed;
    ELSE
        DELETE FROM counters WHERE name = 'products';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_insert AFTER INSERT ON products
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION products_count();
CREATE TRIGGER count_delete AFTER DELETE ON products
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION products_count();
CREATE TRIGGER count_truncate AFTER TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION products_count();

CREATE FUNCTION workflows_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        PERFORM counter_add('workflows:' || s.status, s.n)
        FROM (SELECT status, count(*) AS n FROM added GROUP BY status ORDER BY status) s;
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        PERFORM counter_add('workflows:' || s.status, -s.n)
        FROM (SELECT status, count(*) AS n FROM removed GROUP BY status ORDER BY status) s;
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM counters WHERE name LIKE 'workflows:%';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER count_insert AFTER INSERT ON workflows
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION workflows_count();
CREATE TRIGGER count_delete AFTER DELETE ON workflows
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION workflows_count();
CREATE TRIGGER count_update AFTER UPDATE ON workflows
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION workflows_count();
CREATE TRIGGER count_truncate AFTER TRUNCATE ON workflows
    FOR EACH STATEMENT EXECUTE FUNCTION workflows_count();
