-- Consults: providers offered for a condition, what became of one that was chosen, and its treatment plans.

-- migrate:up

CREATE TABLE consult_offer (
    id            uuid PRIMARY KEY,
    patient       uuid NOT NULL,
    clinician     uuid NOT NULL,
    author        uuid NOT NULL,
    sealed        bytea NOT NULL,
    reply_minutes integer CHECK (reply_minutes > 0),
    instead_of    uuid,
    made_at       timestamptz NOT NULL,
    lapses_at     timestamptz NOT NULL
);
CREATE INDEX consult_offer_patient ON consult_offer (patient, made_at);
COMMENT ON COLUMN consult_offer.id IS 'The id of its quote at billing.';
COMMENT ON COLUMN consult_offer.sealed IS 'The condition.';

CREATE TABLE consult (
    id             uuid PRIMARY KEY,
    offer          uuid NOT NULL,
    patient        uuid NOT NULL,
    clinician      uuid NOT NULL,
    told_by        uuid NOT NULL,
    requested_by   uuid NOT NULL,
    sealed         bytea NOT NULL,
    status         text NOT NULL
        CHECK (status IN ('requested', 'answered', 'treated', 'declined', 'withdrawn', 'stopped')),
    version        integer NOT NULL DEFAULT 0 CHECK (version >= 0),
    thread         uuid REFERENCES thread (id) DEFERRABLE INITIALLY DEFERRED,
    relationship   uuid,
    instead_of     uuid REFERENCES consult (id),
    person_request uuid,
    requested_at   timestamptz NOT NULL,
    answer_due     timestamptz,
    answered_at    timestamptz,
    answered_by    uuid,
    treated_at     timestamptz,
    declined_at    timestamptz,
    declined_by    uuid,
    decline_offers text CHECK (decline_offers IN ('provider', 'visit', 'person')),
    decline_reason bytea,
    withdrawn_at   timestamptz,
    CONSTRAINT consult_offer_key UNIQUE (offer),
    CONSTRAINT consult_thread_key UNIQUE (thread),
    CONSTRAINT consult_begun CHECK ((status = 'stopped') = (thread IS NULL AND relationship IS NULL AND answer_due IS NULL)),
    CONSTRAINT consult_answered CHECK ((answered_at IS NULL) = (answered_by IS NULL)),
    CONSTRAINT consult_treated CHECK ((status = 'treated') = (version > 0) AND (version > 0) = (treated_at IS NOT NULL)),
    CONSTRAINT consult_declined CHECK ((status = 'declined') = (num_nonnulls(declined_at, declined_by, decline_offers, decline_reason) = 4)),
    CONSTRAINT consult_withdrawn CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX consult_patient ON consult (patient, requested_at DESC, id);
CREATE INDEX consult_measured ON consult (clinician, requested_at DESC) WHERE answered_by = clinician OR status = 'requested';
COMMENT ON COLUMN consult.clinician IS 'The provider chosen; who sees to it now is the thread''s assigned.';
COMMENT ON COLUMN consult.sealed IS 'The condition, the answers with the words of their questions, and what stopped it if something did.';

CREATE TABLE consult_plan (
    consult         uuid NOT NULL REFERENCES consult (id),
    version         integer NOT NULL CHECK (version > 0),
    author          uuid NOT NULL,
    sealed          bytea NOT NULL,
    at              timestamptz NOT NULL,
    acknowledged_by uuid,
    acknowledged_at timestamptz,
    PRIMARY KEY (consult, version),
    CONSTRAINT consult_plan_acknowledged CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL))
);

-- migrate:down

DROP TABLE consult_plan, consult, consult_offer;
