-- Rooms, the minutes a clinician needs around a visit and between offices, and what staff made of somebody's time.

-- migrate:up

CREATE FUNCTION widened(start_at timestamptz, end_at timestamptz, before integer, after integer) RETURNS tstzrange
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN tstzrange(start_at - make_interval(mins => before), end_at + make_interval(mins => after));
COMMENT ON FUNCTION widened IS 'Minutes are as long in every time zone, so that this is immutable.';

ALTER TABLE appointment
    ADD COLUMN before_minutes smallint NOT NULL DEFAULT 0 CONSTRAINT appointment_before CHECK (before_minutes >= 0),
    ADD COLUMN after_minutes  smallint NOT NULL DEFAULT 0 CONSTRAINT appointment_after CHECK (after_minutes >= 0),
    ADD COLUMN travel_minutes smallint NOT NULL DEFAULT 0 CONSTRAINT appointment_travel_minutes CHECK (travel_minutes >= 0),
    ADD COLUMN room           text,
    ADD COLUMN blocked        tstzrange NOT NULL GENERATED ALWAYS AS (widened(start_at, end_at, before_minutes, after_minutes)) STORED,
    ADD CONSTRAINT appointment_room_in_office CHECK (room IS NULL OR kind = 'office'),
    DROP CONSTRAINT appointment_clinician_free,
    ADD CONSTRAINT appointment_clinician_free EXCLUDE USING gist
        (clinician WITH =, blocked WITH &&) WHERE (status IN ('booked', 'arrived')),
    ADD CONSTRAINT appointment_clinician_on_the_way EXCLUDE USING gist
        (clinician WITH =, office WITH <>, widened(start_at, end_at, 0, travel_minutes) WITH &&)
        WHERE (status IN ('booked', 'arrived') AND kind = 'office' AND travel_minutes > 0),
    ADD CONSTRAINT appointment_room_free EXCLUDE USING gist
        (office WITH =, room WITH =, tstzrange(start_at, end_at) WITH &&)
        WHERE (status IN ('booked', 'arrived') AND room IS NOT NULL);
CREATE INDEX appointment_standing ON appointment (start_at) WHERE status IN ('booked', 'arrived');
COMMENT ON COLUMN appointment.room IS 'One of its office by its code; none by video, and for times booked before rooms were kept.';

CREATE TABLE availability_override (
    id           uuid PRIMARY KEY,
    clinician    uuid NOT NULL,
    office       uuid NOT NULL,
    availability text NOT NULL CONSTRAINT override_availability CHECK (availability IN ('open', 'closed')),
    start_at     timestamptz NOT NULL,
    end_at       timestamptz NOT NULL,
    author       uuid NOT NULL,
    sealed       bytea NOT NULL,
    made_at      timestamptz NOT NULL,
    sequence     bigint GENERATED ALWAYS AS IDENTITY,
    lifted_at    timestamptz,
    lifted_by    uuid,
    CONSTRAINT override_time CHECK (start_at < end_at),
    CONSTRAINT override_lifted CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE INDEX override_in_force ON availability_override (end_at) WHERE lifted_at IS NULL;
CREATE INDEX override_of_office ON availability_override (office, sequence DESC);
CREATE INDEX override_of_clinician ON availability_override (clinician, sequence DESC);
COMMENT ON COLUMN availability_override.sequence IS 'In order of making; the latest counts over those before.';

-- migrate:down

DROP TABLE availability_override;
DROP INDEX appointment_standing;
ALTER TABLE appointment
    DROP CONSTRAINT appointment_room_free,
    DROP CONSTRAINT appointment_clinician_on_the_way,
    DROP CONSTRAINT appointment_clinician_free,
    ADD CONSTRAINT appointment_clinician_free EXCLUDE USING gist
        (clinician WITH =, tstzrange(start_at, end_at) WITH &&) WHERE (status IN ('booked', 'arrived')),
    DROP COLUMN blocked,
    DROP COLUMN room,
    DROP COLUMN travel_minutes,
    DROP COLUMN after_minutes,
    DROP COLUMN before_minutes;
DROP FUNCTION widened;
