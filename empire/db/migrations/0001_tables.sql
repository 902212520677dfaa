-- The tables of the service and the indexes that its queries need.

CREATE TABLE products (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    external_id     text NOT NULL UNIQUE,
    name            text NOT NULL,
    category        text NOT NULL,
    price           numeric(10,2) NOT NULL CHECK (price >= 0),
    commission_rate numeric(5,4) NOT NULL CHECK (commission_rate BETWEEN 0 AND 1),
    rating          numeric(2,1) NOT NULL CHECK (rating BETWEEN 0 AND 5),
    sales_count     integer NOT NULL DEFAULT 0 CHECK (sales_count >= 0),
    -- Commission earned over all sales: what /products/top ranks by.
    score           numeric(16,2) GENERATED ALWAYS AS (round(price * commission_rate * sales_count, 2)) STORED,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
-- id makes the order of equal times definite, so that pages neither repeat nor skip a product.
CREATE INDEX products_created_at ON products (created_at DESC, id DESC);
CREATE INDEX products_score ON products (score DESC, id);

CREATE TABLE content (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id   bigint NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    platform     text NOT NULL CHECK (platform IN ('tiktok', 'youtube', 'instagram', 'facebook')),
    kind         text NOT NULL CHECK (kind IN ('script', 'video', 'post')),
    status       text NOT NULL CHECK (status IN ('draft', 'ready', 'published', 'failed')),
    title        text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX content_status_created_at ON content (status, created_at);
CREATE INDEX content_product ON content (product_id);

CREATE TABLE analytics (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id  bigint NOT NULL,
    platform    text NOT NULL CHECK (platform IN ('tiktok', 'youtube', 'instagram', 'facebook')),
    views       integer NOT NULL CHECK (views >= 0),
    clicks      integer NOT NULL CHECK (clicks >= 0),
    conversions integer NOT NULL CHECK (conversions >= 0),
    revenue     numeric(12,2) NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
-- No foreign key on product_id: measurements outlive the product, and a check per row would double the
-- cost of loading them.
CREATE INDEX analytics_created_at_platform ON analytics (created_at, platform);
CREATE INDEX analytics_platform_created_at_revenue ON analytics (platform, created_at, revenue);

CREATE TABLE workflows (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    type        text NOT NULL,
    status      text NOT NULL DEFAULT 'pending'
                CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    video_count integer NOT NULL CHECK (video_count > 0),
    dry_run     boolean NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz
);
CREATE INDEX workflows_created_at ON workflows (created_at DESC, id);

-- What `empire seed` wrote, so that running it again can tell its own data from somebody's.
CREATE TABLE seeds (
    version    integer NOT NULL,
    products   integer NOT NULL,
    days       integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
