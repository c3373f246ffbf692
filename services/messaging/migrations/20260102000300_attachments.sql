-- Files in parts: what has arrived of each, what carries it, and objects that no row holds.

-- migrate:up

CREATE TABLE attachment (
    id          uuid PRIMARY KEY,
    patient     uuid NOT NULL,
    thread      uuid REFERENCES thread (id),
    author      uuid NOT NULL,
    key_group   uuid NOT NULL,
    size        integer NOT NULL CHECK (size > 0),
    parts       integer NOT NULL CHECK (parts > 0),
    sealed      bytea NOT NULL,
    begun_at    timestamptz NOT NULL,
    finished_at timestamptz,
    used_at     timestamptz,
    message     uuid,
    CONSTRAINT attachment_used_whole CHECK (used_at IS NULL OR (finished_at IS NOT NULL AND thread IS NOT NULL)),
    CONSTRAINT attachment_of_message CHECK (message IS NULL OR used_at IS NOT NULL)
);
CREATE INDEX attachment_thread ON attachment (thread);
CREATE INDEX attachment_patient ON attachment (patient);
CREATE INDEX attachment_unused ON attachment (author) WHERE used_at IS NULL;
CREATE INDEX attachment_message ON attachment (message) WHERE message IS NOT NULL;

CREATE TABLE attachment_part (
    attachment uuid NOT NULL REFERENCES attachment (id),
    part       integer NOT NULL CHECK (part > 0),
    object     uuid NOT NULL,
    PRIMARY KEY (attachment, part)
);

-- An object is loose from before it is stored until a part holds it, and again when its attachment goes.
CREATE TABLE loose_object (
    object uuid PRIMARY KEY,
    due_at timestamptz NOT NULL
);
CREATE INDEX loose_object_due ON loose_object (due_at);

-- migrate:down

DROP TABLE loose_object, attachment_part, attachment;
