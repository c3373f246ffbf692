-- Requests for a person with the context they carry, and the log of what was said outside the app.

-- migrate:up

CREATE TABLE person_request (
    id           uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    thread       uuid NOT NULL REFERENCES thread (id),
    owner        text NOT NULL CONSTRAINT person_request_owner CHECK (owner IN ('team:support', 'team:clinicians-on-call')),
    requested_by uuid NOT NULL,
    at           timestamptz NOT NULL,
    due          timestamptz NOT NULL,
    joined_by    uuid,
    joined_at    timestamptz,
    withdrawn_at timestamptz,
    CONSTRAINT person_request_joined CHECK ((joined_by IS NULL) = (joined_at IS NULL)),
    CONSTRAINT person_request_settled_once CHECK (joined_at IS NULL OR withdrawn_at IS NULL)
);
CREATE UNIQUE INDEX person_request_open ON person_request (patient, owner, thread)
 WHERE joined_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX person_request_due ON person_request (due) WHERE joined_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX person_request_patient ON person_request (patient, at DESC);

CREATE TABLE person_context (
    request uuid NOT NULL REFERENCES person_request (id),
    number  integer NOT NULL CHECK (number > 0),
    author  uuid NOT NULL,
    sealed  bytea NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (request, number)
);
COMMENT ON TABLE person_context IS 'What the patient was doing each time they asked, sealed under the keys of the thread.';

CREATE TABLE contact (
    id           uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    logged_by    uuid NOT NULL,
    channel      text NOT NULL CONSTRAINT contact_channel CHECK (channel IN ('phone', 'mail', 'desk')),
    origin       text NOT NULL CONSTRAINT contact_origin CHECK (origin IN ('patient', 'staff')),
    answered     boolean NOT NULL,
    call_back_by timestamptz,
    question     uuid,
    thread       uuid REFERENCES thread (id),
    key_group    uuid NOT NULL,
    sealed       bytea NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX contact_patient ON contact (patient, at DESC, id DESC);
COMMENT ON COLUMN contact.key_group IS 'Whose keys seal it: the thread''s where it stands in one, else the patient''s own group.';

-- migrate:down

DROP TABLE contact, person_context, person_request;
