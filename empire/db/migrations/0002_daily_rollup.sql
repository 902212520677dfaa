-- Sums of analytics per day and platform, kept exact by triggers.
--
-- The dashboard's questions (overview and revenue of a period) are sums over whole days. From the raw rows
-- they cost about 30 ms a month of data and grow with it; from here they read four rows a day. A trigger and
-- not a job: the sums change in the transaction that changes the rows, so they are never stale and need no
-- rebuild. A statement updates each (day, platform) once, however many rows it writes; two writers of the
-- same day wait for each other, which the expected load (42 videos an hour) never notices.

CREATE TABLE analytics_daily (
    day         date NOT NULL,
    platform    text NOT NULL,
    row_count   bigint NOT NULL,
    views       bigint NOT NULL,
    clicks      bigint NOT NULL,
    conversions bigint NOT NULL,
    revenue     numeric(16,2) NOT NULL,
    PRIMARY KEY (day, platform)
) WITH (fillfactor = 80);

-- Adds the rows of the transition table `added`. The order of the rows is fixed, so that two statements
-- over the same days cannot deadlock.
CREATE FUNCTION analytics_daily_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO analytics_daily AS d (day, platform, row_count, views, clicks, conversions, revenue)
    SELECT (created_at AT TIME ZONE 'UTC')::date, platform, count(*), sum(views), sum(clicks), sum(conversions),
           sum(revenue)
    FROM added GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (day, platform) DO UPDATE SET
        row_count = d.row_count + excluded.row_count, views = d.views + excluded.views,
        clicks = d.clicks + excluded.clicks, conversions = d.conversions + excluded.conversions,
        revenue = d.revenue + excluded.revenue;
    RETURN NULL;
END $$;

CREATE FUNCTION analytics_daily_subtract() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO analytics_daily AS d (day, platform, row_count, views, clicks, conversions, revenue)
    SELECT (created_at AT TIME ZONE 'UTC')::date, platform, -count(*), -sum(views), -sum(clicks),
           -sum(conversions), -sum(revenue)
    FROM removed GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (day, platform) DO UPDATE SET
        row_count = d.row_count + excluded.row_count, views = d.views + excluded.views,
        clicks = d.clicks + excluded.clicks, conversions = d.conversions + excluded.conversions,
        revenue = d.revenue + excluded.revenue;
    -- The latest day with data is the "now" of the periods: days without rows may not stay.
    DELETE FROM analytics_daily WHERE row_count = 0;
    RETURN NULL;
END $$;

CREATE FUNCTION analytics_daily_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM analytics_daily;
    RETURN NULL;
END $$;

CREATE TRIGGER daily_insert AFTER INSERT ON analytics
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION analytics_daily_add();
CREATE TRIGGER daily_delete AFTER DELETE ON analytics
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION analytics_daily_subtract();
CREATE TRIGGER daily_update_add AFTER UPDATE ON analytics
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION analytics_daily_add();
CREATE TRIGGER daily_update_subtract AFTER UPDATE ON analytics
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION analytics_daily_subtract();
CREATE TRIGGER daily_truncate AFTER TRUNCATE ON analytics
    FOR EACH STATEMENT EXECUTE FUNCTION analytics_daily_truncate();
