-- Visits and the orders in them. What says something about health is sealed; the rest is ids, states and times.

-- migrate:up

CREATE TABLE appointment (
    id           uuid PRIMARY KEY,
    sequence     bigint NOT NULL DEFAULT 0,
    cancelled_at timestamptz
);
COMMENT ON TABLE appointment IS 'What was heard of an appointment, before or after its visit exists; locked to make or move the visit.';

CREATE TABLE visit (
    id                    uuid PRIMARY KEY,
    appointment           uuid NOT NULL REFERENCES appointment (id),
    patient               uuid NOT NULL,
    clinician             uuid NOT NULL,
    office                uuid NOT NULL,
    kind                  text NOT NULL CONSTRAINT visit_kind CHECK (kind IN ('office', 'video')),
    start_at              timestamptz NOT NULL,
    end_at                timestamptz NOT NULL,
    time_zone             text NOT NULL,
    status                text NOT NULL CONSTRAINT visit_status CHECK (
        status IN ('planned', 'arrived', 'in-progress', 'finished', 'cancelled')
    ),
    guidance              bytea NOT NULL,
    checked_in_at         timestamptz,
    started_at            timestamptz,
    ended_at              timestamptz,
    follow_up_due         timestamptz,
    follow_up_declined_at timestamptz,
    summary               bytea,
    summarised_at         timestamptz,
    CONSTRAINT visit_appointment_key UNIQUE (appointment),
    CONSTRAINT visit_times CHECK (start_at < end_at),
    CONSTRAINT visit_arrived CHECK (status NOT IN ('arrived', 'in-progress', 'finished') OR checked_in_at IS NOT NULL),
    CONSTRAINT visit_started CHECK ((status IN ('in-progress', 'finished')) = (started_at IS NOT NULL)),
    CONSTRAINT visit_finished CHECK ((status = 'finished') = (ended_at IS NOT NULL))
);
CREATE INDEX visit_patient ON visit (patient, start_at DESC, id);
COMMENT ON COLUMN visit.time_zone IS 'Where the patient is: the zone of the office, by video their own.';

CREATE TABLE visit_order (
    id          uuid PRIMARY KEY,
    visit       uuid NOT NULL REFERENCES visit (id),
    patient     uuid NOT NULL,
    office      uuid NOT NULL,
    clinician   uuid NOT NULL,
    status      text NOT NULL CONSTRAINT visit_order_status CHECK (
        status IN ('requested', 'accepted', 'completed', 'rejected', 'cancelled')
    ),
    details     bytea NOT NULL,
    placed_at   timestamptz NOT NULL,
    due         timestamptz NOT NULL,
    accepted_by uuid,
    settled_by  uuid,
    settled_at  timestamptz,
    outcome     bytea,
    CONSTRAINT visit_order_accepted CHECK (status NOT IN ('accepted', 'completed') OR accepted_by IS NOT NULL),
    CONSTRAINT visit_order_settled CHECK ((status IN ('completed', 'rejected', 'cancelled')) = (settled_at IS NOT NULL))
);
CREATE INDEX visit_order_visit ON visit_order (visit, placed_at);
CREATE INDEX visit_order_open ON visit_order (office, due) WHERE status IN ('requested', 'accepted');
CREATE INDEX visit_order_done ON visit_order (patient, settled_at) WHERE status = 'completed';

-- migrate:down

DROP TABLE visit_order, visit, appointment;
