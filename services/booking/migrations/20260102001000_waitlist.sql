-- Patients who wait for a time, times that came free, and to whom each is offered.
--
-- While a time is somebody's to take, it is held as an appointment that is proposed: by the same constraints that keep
-- booked ones apart, so that nobody else can take it, its clinician's minutes around it, or its room.

-- migrate:up

ALTER TABLE appointment
    DROP CONSTRAINT appointment_status_check,
    ADD CONSTRAINT appointment_status CHECK (status IN ('proposed', 'booked', 'arrived', 'fulfilled', 'cancelled', 'noshow')),
    DROP CONSTRAINT appointment_clinician_free,
    ADD CONSTRAINT appointment_clinician_free EXCLUDE USING gist
        (clinician WITH =, blocked WITH &&) WHERE (status IN ('proposed', 'booked', 'arrived')),
    DROP CONSTRAINT appointment_clinician_on_the_way,
    ADD CONSTRAINT appointment_clinician_on_the_way EXCLUDE USING gist
        (clinician WITH =, office WITH <>, widened(start_at, end_at, 0, travel_minutes) WITH &&)
        WHERE (status IN ('proposed', 'booked', 'arrived') AND kind = 'office' AND travel_minutes > 0),
    DROP CONSTRAINT appointment_room_free,
    ADD CONSTRAINT appointment_room_free EXCLUDE USING gist
        (office WITH =, room WITH =, tstzrange(start_at, end_at) WITH &&)
        WHERE (status IN ('proposed', 'booked', 'arrived') AND room IS NOT NULL);
DROP INDEX appointment_standing;
CREATE INDEX appointment_standing ON appointment (start_at) WHERE status IN ('proposed', 'booked', 'arrived');

CREATE TABLE wait (
    id            uuid PRIMARY KEY,
    patient       uuid NOT NULL,
    author        uuid NOT NULL,
    sealed        bytea NOT NULL,
    revision      integer NOT NULL DEFAULT 0,
    own_clinician uuid,
    clinician     uuid,
    office        uuid,
    earliest      timestamptz,
    latest        timestamptz,
    instead_of    uuid REFERENCES appointment (id),
    joined_at     timestamptz NOT NULL,
    until         timestamptz NOT NULL,
    status        text NOT NULL CONSTRAINT wait_status CHECK (status IN ('waiting', 'claimed', 'left')),
    settled_at    timestamptz,
    CONSTRAINT wait_settled CHECK ((status = 'waiting') = (settled_at IS NULL))
);
CREATE INDEX wait_waiting ON wait (joined_at, id) WHERE status = 'waiting';
CREATE INDEX wait_patient ON wait (patient, joined_at) WHERE status = 'waiting';
CREATE UNIQUE INDEX wait_one_instead_of ON wait (instead_of) WHERE status = 'waiting';

CREATE TABLE freed_time (
    id         uuid PRIMARY KEY,
    clinician  uuid NOT NULL,
    office     uuid NOT NULL,
    start_at   timestamptz NOT NULL,
    end_at     timestamptz NOT NULL,
    freed_by   uuid,
    freed_at   timestamptz NOT NULL,
    status     text NOT NULL CONSTRAINT freed_time_status CHECK (status IN ('open', 'offered', 'claimed', 'free')),
    token      bigint NOT NULL DEFAULT 0,
    settled_at timestamptz,
    CONSTRAINT freed_time_time CHECK (start_at < end_at),
    CONSTRAINT freed_time_settled CHECK ((status IN ('open', 'offered')) = (settled_at IS NULL))
);
CREATE INDEX freed_time_open ON freed_time (freed_at, id) WHERE status = 'open';
COMMENT ON COLUMN freed_time.token IS 'Counts to whom it was offered; a claim with a lower one is none any more.';
COMMENT ON COLUMN freed_time.freed_by IS 'The patient who gave it back, to whom it is not offered.';

CREATE TABLE claim (
    id         uuid PRIMARY KEY,
    wait       uuid NOT NULL REFERENCES wait (id),
    freed_time uuid NOT NULL REFERENCES freed_time (id),
    token      bigint NOT NULL,
    offered_at timestamptz NOT NULL,
    lapses_at  timestamptz NOT NULL,
    status     text NOT NULL CONSTRAINT claim_status CHECK (status IN ('live', 'claimed', 'lapsed')),
    settled_at timestamptz,
    CONSTRAINT claim_once UNIQUE (freed_time, wait),
    CONSTRAINT claim_token UNIQUE (freed_time, token),
    CONSTRAINT claim_lapses CHECK (offered_at < lapses_at),
    CONSTRAINT claim_settled CHECK ((status = 'live') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX claim_of_time ON claim (freed_time) WHERE status = 'live';
CREATE UNIQUE INDEX claim_of_wait ON claim (wait) WHERE status = 'live';
COMMENT ON COLUMN claim.id IS 'Also that of the proposed appointment which holds the time while it is live.';

-- migrate:down

DROP TABLE claim, freed_time, wait;
DELETE FROM deadline WHERE kind IN ('claim-lapses', 'wait-ends');
DELETE FROM appointment WHERE status = 'proposed';
DROP INDEX appointment_standing;
CREATE INDEX appointment_standing ON appointment (start_at) WHERE status IN ('booked', 'arrived');
ALTER TABLE appointment
    DROP CONSTRAINT appointment_room_free,
    ADD CONSTRAINT appointment_room_free EXCLUDE USING gist
        (office WITH =, room WITH =, tstzrange(start_at, end_at) WITH &&)
        WHERE (status IN ('booked', 'arrived') AND room IS NOT NULL),
    DROP CONSTRAINT appointment_clinician_on_the_way,
    ADD CONSTRAINT appointment_clinician_on_the_way EXCLUDE USING gist
        (clinician WITH =, office WITH <>, widened(start_at, end_at, 0, travel_minutes) WITH &&)
        WHERE (status IN ('booked', 'arrived') AND kind = 'office' AND travel_minutes > 0),
    DROP CONSTRAINT appointment_clinician_free,
    ADD CONSTRAINT appointment_clinician_free EXCLUDE USING gist
        (clinician WITH =, blocked WITH &&) WHERE (status IN ('booked', 'arrived')),
    DROP CONSTRAINT appointment_status,
    ADD CONSTRAINT appointment_status_check CHECK (status IN ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow'));
