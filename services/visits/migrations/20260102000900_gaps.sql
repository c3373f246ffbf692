-- What was found to be due for patients. What it is stays sealed.

-- migrate:up

CREATE TABLE watched (
    patient   uuid PRIMARY KEY,
    next_look timestamptz NOT NULL
);
CREATE INDEX watched_next ON watched (next_look);
COMMENT ON TABLE watched IS 'When to look next whether something is due for a patient; its row is locked to look.';

CREATE TABLE gap (
    id            uuid PRIMARY KEY,
    patient       uuid NOT NULL,
    sealed        bytea NOT NULL,
    found_at      timestamptz NOT NULL,
    closed_at     timestamptz,
    snoozed_until timestamptz,
    CONSTRAINT gap_ends_once CHECK (closed_at IS NULL OR snoozed_until IS NULL)
);
CREATE INDEX gap_live ON gap (patient) WHERE closed_at IS NULL;

-- migrate:down

DROP TABLE gap, watched;
