-- A product as the API shows it, kept with its row.
--
-- A page of 50 products is 550 values. Written as text by the server, taken apart by the client library and put
-- together as JSON again, they cost more than half of the processor time of GET /products; kept as a
-- document, a page is one text. It is a generated column, so it never differs from the others. Adding it
-- rewrites the table.

-- Immutable: the zone is named, and neither numbers nor this format depend on settings. Fractions of a second
-- end with their last digit, as PostgreSQL writes them.
CREATE FUNCTION api_time(t timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce('"' || rtrim(rtrim(to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z"', 'null')
$$;

CREATE FUNCTION api_product(p_id bigint, p_external_id text, p_name text, p_category text, p_price numeric,
                            p_commission_rate numeric, p_rating numeric, p_sales_count integer, p_score numeric,
                            p_created_at timestamptz, p_updated_at timestamptz)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{"id":' || p_id || ',"externalId":' || to_json(p_external_id) || ',"name":' || to_json(p_name)
        || ',"category":' || to_json(p_category) || ',"price":' || p_price || ',"commissionRate":' || p_commission_rate
        || ',"rating":' || p_rating || ',"salesCount":' || p_sales_count || ',"score":' || p_score
        || ',"createdAt":' || api_time(p_created_at) || ',"updatedAt":' || api_time(p_updated_at) || '}'
$$;

-- A generated column may not use another one: the score is computed here as it is there (migration 1).
ALTER TABLE products ADD COLUMN document text NOT NULL GENERATED ALWAYS AS (
    api_product(id, external_id, name, category, price, commission_rate, rating, sales_count,
        round(price * commission_rate * sales_count, 2)::numeric(16,2), created_at, updated_at)) STORED;
