-- Appointments, and the reasons for which offers were made.

-- migrate:up

CREATE TABLE offer_set (
    id      uuid PRIMARY KEY,
    patient uuid NOT NULL,
    author  uuid NOT NULL,
    sealed  bytea NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX offer_set_patient ON offer_set (patient, made_at);

CREATE TABLE appointment (
    id           uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    clinician    uuid NOT NULL,
    office       uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('office', 'video')),
    start_at     timestamptz NOT NULL,
    end_at       timestamptz NOT NULL,
    time_zone    text NOT NULL,
    price_cents  integer NOT NULL CHECK (price_cents >= 0),
    relationship uuid NOT NULL,
    status       text NOT NULL CHECK (status IN ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow')),
    author       uuid NOT NULL,
    sealed       bytea NOT NULL,
    booked_by    uuid NOT NULL,
    booked_at    timestamptz NOT NULL,
    arrived_at   timestamptz,
    started_at   timestamptz,
    ended_at     timestamptz,
    left_at      timestamptz,
    cancelled_at timestamptz,
    cancelled_by uuid,
    CONSTRAINT appointment_time CHECK (start_at < end_at),
    CONSTRAINT appointment_clinician_free EXCLUDE USING gist
        (clinician WITH =, tstzrange(start_at, end_at) WITH &&) WHERE (status IN ('booked', 'arrived')),
    CONSTRAINT appointment_patient_free EXCLUDE USING gist
        (patient WITH =, tstzrange(start_at, end_at) WITH &&) WHERE (status IN ('booked', 'arrived'))
);
CREATE INDEX appointment_patient ON appointment (patient, start_at DESC);
CREATE INDEX appointment_clinician ON appointment (clinician, start_at);
CREATE INDEX appointment_office ON appointment (office, start_at);
COMMENT ON COLUMN appointment.time_zone IS 'Where the patient will be: the zone of the office, by video their own.';

-- migrate:down

DROP TABLE appointment, offer_set;
