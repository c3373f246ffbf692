-- Where patients say they will be during a visit by video, where that is not at home.

-- migrate:up

ALTER TABLE appointment
    ADD COLUMN state text CONSTRAINT appointment_state CHECK (state IS NULL OR (kind = 'video' AND state ~ '^[A-Z]{2}$'));
COMMENT ON COLUMN appointment.state IS 'By video, where the patient says they will be; none at home, and in an office, which is in a state of its own.';

-- migrate:down

ALTER TABLE appointment DROP COLUMN state;
