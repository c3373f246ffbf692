-- Threads whose keys are destroyed.

-- migrate:up

ALTER TABLE thread
    ADD COLUMN erased_at         timestamptz,
    ADD COLUMN keys_destroyed_at timestamptz,
    ADD CONSTRAINT thread_erased_is_closed CHECK (erased_at IS NULL OR closed_at IS NOT NULL),
    ADD CONSTRAINT thread_destroyed_is_erased CHECK (keys_destroyed_at IS NULL OR erased_at IS NOT NULL);
COMMENT ON COLUMN thread.erased_at IS 'From then on nobody reads it; the keys are destroyed right behind it.';

-- migrate:down

ALTER TABLE thread DROP COLUMN erased_at, DROP COLUMN keys_destroyed_at;
