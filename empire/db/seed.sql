-- Test data: products, content, analytics and finished workflows, the same on every machine.
--
-- Nothing here is random: every figure comes from pg_temp.mix(), a multiplicative hash of the row's number,
-- so that two runs of a load test meet the same rows. The sizes come from the settings empire.products and
-- empire.days of the transaction. The last day is fixed, too; the service takes the latest day with data as
-- "today" (domain/analytics.h), so the figures do not fade as time goes by.

CREATE FUNCTION pg_temp.last_day() RETURNS date IMMUTABLE LANGUAGE sql AS $$ SELECT date '2025-06-30' $$;

-- A number of 0 .. below-1. Both factors stay under 2^31, so that no product leaves bigint.
CREATE FUNCTION pg_temp.mix(i bigint, salt bigint, below bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$
    SELECT ((((((i + salt * 7919) * 1597334677) & 2147483647) >> 7
             # (((i + salt * 7919) * 1597334677) & 2147483647)) * 1103515245 & 2147483647) >> 5) % below
$$;

INSERT INTO products (external_id, name, category, price, commission_rate, rating, sales_count, created_at,
                      updated_at)
SELECT 'P' || lpad(i::text, 8, '0'),
       (ARRAY['Compact','Wireless','Classic','Smart','Portable','Premium','Everyday','Foldable'])[1 + pg_temp.mix(i, 1, 8)]
       || ' ' ||
       (ARRAY['Blender','Headphones','Backpack','Desk Lamp','Yoga Mat','Water Bottle','Keyboard','Air Fryer',
              'Running Shoes','Phone Stand'])[1 + pg_temp.mix(i, 2, 10)] || ' ' || i,
       (ARRAY['kitchen','audio','travel','home','fitness','outdoor','computer','beauty'])[1 + pg_temp.mix(i, 3, 8)],
       (499 + pg_temp.mix(i, 4, 29500))::numeric / 100,
       (200 + pg_temp.mix(i, 5, 1300))::numeric / 10000,
       (25 + pg_temp.mix(i, 6, 26))::numeric / 10,
       pg_temp.mix(i, 7, 20000),
       -- Spread evenly over the year before the last day, in the order of the numbers.
       pg_temp.last_day() - interval '365 days' * ((p.n - i)::float8 / p.n),
       pg_temp.last_day()
FROM (SELECT current_setting('empire.products')::bigint AS n) p, generate_series(1, p.n) i;

INSERT INTO content (product_id, platform, kind, status, title, created_at, published_at)
SELECT p.id, (ARRAY['tiktok','youtube','instagram','facebook'])[1 + pg_temp.mix(p.id, 11, 4)], k.kind,
       (ARRAY['draft','ready','published','published','failed'])[1 + pg_temp.mix(p.id, 12, 5)],
       'Why everybody talks about: ' || p.name,
       p.created_at + interval '1 hour',
       CASE WHEN pg_temp.mix(p.id, 12, 5) IN (2, 3) THEN p.created_at + interval '3 hours' END
FROM products p, (VALUES ('script'), ('video')) k (kind);

-- Per day and platform up to 800 products, a different set each day: 288,000 rows by default.
INSERT INTO analytics (product_id, platform, views, clicks, conversions, revenue, created_at)
SELECT p.id, x.platform, x.views, x.clicks, x.conversions, round(x.conversions * p.price * p.commission_rate, 2),
       x.created_at
FROM (
    SELECT 1 + (s * (n.products / n.per_day) + pg_temp.mix(d * 4 + pl.i, 21, n.products)) % n.products AS product_id,
           pl.platform, v.views, v.views * (10 + pg_temp.mix(v.key, 23, 70)) / 1000 AS clicks,
           v.views * (10 + pg_temp.mix(v.key, 23, 70)) / 1000 * pg_temp.mix(v.key, 24, 80) / 1000 AS conversions,
           (pg_temp.last_day() - (n.days - 1 - d)::int) + interval '1 second' * (s * 86400 / n.per_day) AS created_at
    FROM (SELECT c.products, c.days, least(c.products, 800) AS per_day
          FROM (SELECT current_setting('empire.products')::bigint AS products,
                       current_setting('empire.days')::bigint AS days) c) n,
         generate_series(0, n.days - 1) d,
         (VALUES (0, 'tiktok'), (1, 'youtube'), (2, 'instagram'), (3, 'facebook')) pl (i, platform),
         generate_series(0, n.per_day - 1) s,
         LATERAL (SELECT (d * 4 + pl.i) * n.per_day + s AS key) k,
         LATERAL (SELECT k.key, 50 + pg_temp.mix(k.key, 22, 6000) * (4 - pl.i) / 4 AS views) v
) x JOIN products p ON p.id = x.product_id
ORDER BY x.created_at;

-- One daily run per day, all of them finished: a fresh service has nothing active.
INSERT INTO workflows (id, type, status, video_count, dry_run, created_at, started_at, finished_at)
SELECT ('00000000-0000-4000-8000-' || lpad(d::text, 12, '0'))::uuid, 'daily-control-loop',
       CASE WHEN pg_temp.mix(d, 31, 12) = 0 THEN 'failed' ELSE 'completed' END, 20 + pg_temp.mix(d, 32, 30), false,
       at, at + interval '2 seconds', at + interval '40 minutes'
FROM generate_series(1, current_setting('empire.days')::int) d,
     LATERAL (SELECT pg_temp.last_day() - (current_setting('empire.days')::int - d) + interval '2 hours' AS at) t;

INSERT INTO seeds (version, products, days)
VALUES (current_setting('empire.seed_version')::int, current_setting('empire.products')::int, current_setting('empire.days')::int);
