-- Appointments that move, that were missed, and whose clinician may no longer see the patient there.

-- migrate:up

ALTER TABLE appointment
    ADD COLUMN sequence           integer NOT NULL DEFAULT 0,
    ADD COLUMN moved_at           timestamptz,
    ADD COLUMN moved_by           uuid,
    ADD COLUMN no_show_at         timestamptz,
    ADD COLUMN no_show_settled_at timestamptz,
    ADD COLUMN licence_lapsed_at  timestamptz,
    ADD CONSTRAINT appointment_moved CHECK ((moved_at IS NULL) = (moved_by IS NULL)),
    ADD CONSTRAINT appointment_no_show CHECK (
        (status <> 'noshow' OR no_show_at IS NOT NULL) AND (no_show_settled_at IS NULL OR no_show_at IS NOT NULL)
    );
CREATE INDEX appointment_to_come ON appointment (start_at, id) WHERE status = 'booked';
COMMENT ON COLUMN appointment.sequence IS 'Raised with every move and when it is cancelled; what calendars order by.';
COMMENT ON COLUMN appointment.no_show_at IS 'When it was found that the patient had not come; none once it has moved.';
COMMENT ON COLUMN appointment.licence_lapsed_at IS 'Since when staff is asked to move it; none once it has moved, or the licence is back.';

INSERT INTO deadline (id, kind, entity, due_at)
SELECT gen_random_uuid(), 'no-show', id, end_at + interval '1 minute' FROM appointment
 WHERE status = 'booked' AND started_at IS NULL AND end_at > now();

CREATE TABLE licence_round (
    one     boolean PRIMARY KEY DEFAULT true CONSTRAINT licence_round_is_one CHECK (one),
    next_at timestamptz NOT NULL
);
COMMENT ON TABLE licence_round IS 'When the licences of those booked are asked for next.';
INSERT INTO licence_round (next_at) VALUES ('epoch');

-- migrate:down

DELETE FROM deadline WHERE kind = 'no-show';
DROP TABLE licence_round;
DROP INDEX appointment_to_come;
ALTER TABLE appointment
    DROP CONSTRAINT appointment_no_show,
    DROP CONSTRAINT appointment_moved,
    DROP COLUMN sequence,
    DROP COLUMN moved_at,
    DROP COLUMN moved_by,
    DROP COLUMN no_show_at,
    DROP COLUMN no_show_settled_at,
    DROP COLUMN licence_lapsed_at;
