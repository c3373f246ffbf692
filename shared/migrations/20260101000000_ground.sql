-- What every service's database carries: events out and in, deadlines, repeats, audit, group keys.

-- migrate:up

CREATE TABLE event_sequence (
    entity uuid PRIMARY KEY,
    last   bigint NOT NULL
);
COMMENT ON TABLE event_sequence IS 'Locked by whoever adds an event about the entity, so that id order is commit order.';

CREATE TABLE outbox (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event           uuid NOT NULL,
    entity          uuid NOT NULL,
    sequence        bigint NOT NULL,
    type            text NOT NULL,
    patient         uuid,
    time            timestamptz NOT NULL,
    traceparent     text,
    data            bytea NOT NULL,
    next_at         timestamptz NOT NULL DEFAULT now(),
    added_at        timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    published_at    timestamptz,
    stream_sequence bigint,
    CONSTRAINT outbox_event_key UNIQUE (event),
    CONSTRAINT outbox_entity_sequence_key UNIQUE (entity, sequence)
);
CREATE INDEX outbox_waiting ON outbox (entity, id) WHERE published_at IS NULL;
CREATE INDEX outbox_next ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE inbox (
    event      uuid PRIMARY KEY,
    type       text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_handled ON inbox (handled_at);

CREATE TABLE refused_event (
    event    uuid PRIMARY KEY,
    attempts integer NOT NULL
);

CREATE TABLE dead_letter (
    id              uuid PRIMARY KEY,
    event           uuid NOT NULL,
    type            text NOT NULL,
    subject         text NOT NULL,
    stream_sequence bigint NOT NULL,
    envelope        bytea NOT NULL,
    refusal         text NOT NULL,
    attempts        integer NOT NULL,
    recorded_at     timestamptz NOT NULL,
    replay_asked_at timestamptz,
    settled_at      timestamptz,
    settlement      text CHECK (settlement IN ('replayed', 'discarded')),
    CONSTRAINT dead_letter_event_key UNIQUE (event)
);
CREATE INDEX dead_letter_open ON dead_letter (recorded_at) WHERE settled_at IS NULL;
CREATE INDEX dead_letter_asked ON dead_letter (replay_asked_at) WHERE settled_at IS NULL AND replay_asked_at IS NOT NULL;

CREATE TABLE deadline (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL,
    entity       uuid NOT NULL,
    due_at       timestamptz NOT NULL,
    fired_at     timestamptz,
    cancelled_at timestamptz,
    CONSTRAINT deadline_kind_entity_due_key UNIQUE (kind, entity, due_at)
);
CREATE INDEX deadline_open ON deadline (due_at) WHERE fired_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX deadline_entity ON deadline (entity, kind) WHERE fired_at IS NULL AND cancelled_at IS NULL;

CREATE TABLE idempotency (
    caller      text NOT NULL,
    operation   text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    done        bytea NOT NULL,
    kept_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_key PRIMARY KEY (caller, operation, key)
);
CREATE INDEX idempotency_kept ON idempotency (kept_at);

CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    cause     uuid,
    patient   uuid,
    action    text NOT NULL,
    operation text NOT NULL,
    object    uuid,
    range     text,
    trace     text,
    tx        xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX audit_patient ON audit (patient, id DESC);
CREATE INDEX audit_tx ON audit (tx, id);
COMMENT ON COLUMN audit.tx IS 'Lets the chainer find every row exactly once, also those whose number is lower than one committed earlier.';

CREATE TABLE audit_link (
    position bigint PRIMARY KEY,
    audit    bigint NOT NULL,
    hash     bytea NOT NULL,
    CONSTRAINT audit_link_audit_key UNIQUE (audit)
);

CREATE TABLE audit_checkpoint (
    id          uuid PRIMARY KEY,
    position    bigint NOT NULL,
    head        bytea NOT NULL,
    signature   bytea NOT NULL,
    at          timestamptz NOT NULL,
    settled     xid8 NOT NULL,
    settled_row bigint NOT NULL,
    server      bigint NOT NULL
);
CREATE INDEX audit_checkpoint_position ON audit_checkpoint (position);

CREATE TABLE group_key (
    id         uuid PRIMARY KEY,
    patient    uuid NOT NULL,
    grp        uuid NOT NULL,
    generation integer NOT NULL,
    wrapped    bytea NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT group_key_generation_key UNIQUE (patient, grp, generation)
);

CREATE TABLE erased_patient (
    patient   uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL
);

DO $$
DECLARE runtime text := regexp_replace(current_user, '_owner$', '');
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_link, audit_checkpoint FROM %I', runtime);
END
$$;

-- migrate:down

DROP TABLE erased_patient, group_key, audit_checkpoint, audit_link, audit, idempotency, deadline, dead_letter,
    refused_event, inbox, outbox, event_sequence;
