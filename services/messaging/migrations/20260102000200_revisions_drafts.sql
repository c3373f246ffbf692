-- Messages corrected and retracted, with what stood before; and drafts, which are their authors' alone.

-- migrate:up

ALTER TABLE message
    ADD COLUMN revision     integer NOT NULL DEFAULT 0 CHECK (revision >= 0),
    ADD COLUMN corrected_at timestamptz,
    ADD COLUMN retracted_at timestamptz,
    ADD CONSTRAINT message_corrected CHECK ((revision > 0) = (corrected_at IS NOT NULL));

CREATE TABLE revision (
    message  uuid NOT NULL REFERENCES message (id),
    revision integer NOT NULL CHECK (revision > 0),
    sealed   bytea NOT NULL,
    at       timestamptz NOT NULL,
    PRIMARY KEY (message, revision)
);

CREATE INDEX follow_up_message ON follow_up (message) WHERE message IS NOT NULL;

CREATE SEQUENCE draft_version;
COMMENT ON SEQUENCE draft_version IS 'No two versions of any draft are the same, also when a draft is begun again.';

CREATE TABLE draft (
    id       uuid NOT NULL,
    author   uuid NOT NULL,
    patient  uuid NOT NULL,
    thread   uuid REFERENCES thread (id),
    version  bigint NOT NULL,
    sealed   bytea NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (author, id)
);
CREATE INDEX draft_newest ON draft (author, version DESC);
CREATE INDEX draft_patient ON draft (patient);
CREATE INDEX draft_thread ON draft (thread) WHERE thread IS NOT NULL;

-- migrate:down

DROP TABLE draft;
DROP SEQUENCE draft_version;
DROP INDEX follow_up_message;
DROP TABLE revision;
ALTER TABLE message DROP COLUMN revision, DROP COLUMN corrected_at, DROP COLUMN retracted_at;
