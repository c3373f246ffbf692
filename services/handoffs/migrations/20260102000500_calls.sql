-- Calls, mails and words at the desk of patients, which count as chasing what is open for them at that time.

-- migrate:up

CREATE TABLE contact (
    event   uuid PRIMARY KEY,
    patient uuid NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX contact_patient ON contact (patient, at);
COMMENT ON COLUMN handoff.chased IS 'How often the work was asked for again; what the patient said outside the app is in contact.';

-- migrate:down

DROP TABLE contact;
COMMENT ON COLUMN handoff.chased IS NULL;
