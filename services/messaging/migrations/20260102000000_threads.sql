-- Threads, their messages in gap-free order, who has read what, and the follow-ups owed after visits.

-- migrate:up

CREATE TABLE thread (
    id         uuid PRIMARY KEY,
    patient    uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('care', 'consult', 'support')),
    opened_by  uuid NOT NULL,
    opened_at  timestamptz NOT NULL,
    closed_at  timestamptz,
    sequence   bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    last_at    timestamptz,
    reply_owed boolean NOT NULL DEFAULT false
);
CREATE INDEX thread_patient ON thread (patient, last_at DESC);

CREATE TABLE participant (
    thread    uuid NOT NULL REFERENCES thread (id),
    person    uuid NOT NULL,
    joined_at timestamptz NOT NULL,
    left_at   timestamptz,
    PRIMARY KEY (thread, person)
);

CREATE TABLE message (
    thread   uuid NOT NULL REFERENCES thread (id),
    sequence bigint NOT NULL CHECK (sequence > 0),
    id       uuid NOT NULL,
    author   uuid NOT NULL,
    party    text NOT NULL CHECK (party IN ('patient', 'staff')),
    sealed   bytea NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (thread, sequence),
    CONSTRAINT message_id_key UNIQUE (id)
);

CREATE TABLE reading (
    thread   uuid NOT NULL REFERENCES thread (id),
    person   uuid NOT NULL,
    party    text NOT NULL CHECK (party IN ('patient', 'staff')),
    sequence bigint NOT NULL,
    PRIMARY KEY (thread, person)
);

CREATE TABLE follow_up (
    visit       uuid PRIMARY KEY,
    patient     uuid,
    clinician   uuid,
    due         timestamptz,
    message     uuid,
    sent_at     timestamptz,
    declined_at timestamptz,
    CONSTRAINT follow_up_whole CHECK (declined_at IS NOT NULL OR (patient IS NOT NULL AND clinician IS NOT NULL))
);
CREATE INDEX follow_up_owed ON follow_up (clinician, due) WHERE sent_at IS NULL AND declined_at IS NULL;

-- migrate:down

DROP TABLE follow_up, reading, message, participant, thread;
