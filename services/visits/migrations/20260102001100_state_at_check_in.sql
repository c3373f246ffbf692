-- Where the patient of a visit by video said at check-in they are: who treats them is licensed there.

-- migrate:up

ALTER TABLE visit ADD COLUMN state text CONSTRAINT visit_state CHECK (state ~ '^[A-Z]{2}$');

-- migrate:down

ALTER TABLE visit DROP COLUMN state;
