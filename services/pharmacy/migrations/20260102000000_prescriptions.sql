-- Prescriptions, where each was sent and what became of it, and the messages to and from pharmacies.

-- migrate:up

CREATE TABLE preference (
    patient             uuid PRIMARY KEY,
    pharmacy            uuid NOT NULL,
    farthest_kilometres integer NOT NULL CHECK (farthest_kilometres > 0),
    delivery            boolean NOT NULL,
    kept_at             timestamptz NOT NULL
);

CREATE TABLE prescription (
    id           uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    prescriber   uuid NOT NULL,
    visit        uuid,
    status       text NOT NULL CHECK (status IN ('active', 'completed', 'cancelled')),
    refills_left integer NOT NULL CHECK (refills_left >= 0),
    generation   integer NOT NULL CHECK (generation >= 0),
    signed_at    timestamptz NOT NULL,
    sealed       bytea NOT NULL
);
CREATE INDEX prescription_patient ON prescription (patient, signed_at DESC);
COMMENT ON TABLE prescription IS 'Locked first by whoever changes anything about it; generation is its last routing''s.';

CREATE TABLE routing (
    id           uuid PRIMARY KEY,
    prescription uuid NOT NULL REFERENCES prescription (id),
    generation   integer NOT NULL,
    pharmacy     uuid NOT NULL,
    reason       text NOT NULL CHECK (reason IN ('new', 'refill', 'moved')),
    status       text NOT NULL CHECK (status IN ('sent', 'acknowledged', 'ready', 'shipped', 'picked-up', 'delivered',
                                                 'returned', 'moved', 'cancelled')),
    made_at      timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    CONSTRAINT routing_generation_key UNIQUE (prescription, generation)
);

CREATE TABLE problem (
    id           uuid PRIMARY KEY,
    prescription uuid NOT NULL REFERENCES prescription (id),
    routing      uuid NOT NULL REFERENCES routing (id),
    kind         text NOT NULL,
    raised_at    timestamptz NOT NULL,
    move_at      timestamptz,
    resolved_at  timestamptz,
    resolution   text
);
CREATE UNIQUE INDEX problem_open ON problem (prescription) WHERE resolved_at IS NULL;
CREATE INDEX problem_move ON problem (move_at) WHERE move_at IS NOT NULL AND resolved_at IS NULL;
COMMENT ON COLUMN problem.move_at IS 'When the practice looks for another pharmacy; null once it is left to a person.';

CREATE TABLE delivery (
    id           uuid PRIMARY KEY,
    position     bigint GENERATED ALWAYS AS IDENTITY,
    prescription uuid NOT NULL REFERENCES prescription (id),
    routing      uuid NOT NULL REFERENCES routing (id),
    pharmacy     uuid NOT NULL,
    message      text NOT NULL CHECK (message IN ('order', 'cancel')),
    cause        uuid NOT NULL,
    sealed       bytea NOT NULL,
    made_at      timestamptz NOT NULL,
    next_at      timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    settled_at   timestamptz,
    outcome      text CHECK (outcome IN ('sent', 'dropped')),
    CONSTRAINT delivery_settled CHECK ((settled_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX delivery_due ON delivery (next_at) WHERE settled_at IS NULL;
CREATE INDEX delivery_lane ON delivery (prescription, pharmacy, position) WHERE settled_at IS NULL;
CREATE INDEX delivery_routing ON delivery (routing);
COMMENT ON COLUMN delivery.id IS 'The webhook-id, by which the pharmacy tells a repeat.';

CREATE TABLE heard (
    pharmacy   uuid NOT NULL,
    webhook_id text NOT NULL,
    routing    uuid NOT NULL REFERENCES routing (id),
    outcome    text NOT NULL CHECK (outcome IN ('taken', 'nothing-new', 'old-routing')),
    heard_at   timestamptz NOT NULL,
    CONSTRAINT heard_pkey PRIMARY KEY (pharmacy, webhook_id)
);
CREATE INDEX heard_routing ON heard (routing);

-- migrate:down

DROP TABLE heard, delivery, problem, routing, prescription, preference;
