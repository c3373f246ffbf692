-- The follow-up days of consults, and who owes a follow-up once it was passed on.

-- migrate:up

CREATE TABLE consult_clock (
    consult       uuid PRIMARY KEY,
    thread        uuid NOT NULL REFERENCES thread (id),
    patient       uuid NOT NULL,
    remaining     interval NOT NULL CHECK (remaining >= '0'),
    running_since timestamptz,
    paused_since  timestamptz,
    announced_end timestamptz,
    ended_at      timestamptz,
    CONSTRAINT consult_clock_thread_key UNIQUE (thread),
    CONSTRAINT consult_clock_one_state CHECK (num_nonnulls(running_since, paused_since, ended_at) = 1)
);

ALTER TABLE follow_up ADD COLUMN owner text, ADD COLUMN moved_sequence bigint;
UPDATE follow_up SET owner = 'clinician:' || clinician WHERE clinician IS NOT NULL;
ALTER TABLE follow_up DROP CONSTRAINT follow_up_whole;
ALTER TABLE follow_up ADD CONSTRAINT follow_up_whole
    CHECK (declined_at IS NOT NULL OR (patient IS NOT NULL AND owner IS NOT NULL AND due IS NOT NULL));
DROP INDEX follow_up_owed;
CREATE INDEX follow_up_owed ON follow_up (owner, due) WHERE sent_at IS NULL AND declined_at IS NULL;

-- migrate:down

DROP INDEX follow_up_owed;
CREATE INDEX follow_up_owed ON follow_up (clinician, due) WHERE sent_at IS NULL AND declined_at IS NULL;
DELETE FROM follow_up WHERE declined_at IS NULL AND clinician IS NULL;
ALTER TABLE follow_up DROP CONSTRAINT follow_up_whole;
ALTER TABLE follow_up ADD CONSTRAINT follow_up_whole
    CHECK (declined_at IS NOT NULL OR (patient IS NOT NULL AND clinician IS NOT NULL));
ALTER TABLE follow_up DROP COLUMN owner, DROP COLUMN moved_sequence;
DROP TABLE consult_clock;
