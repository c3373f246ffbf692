-- The price at which a time is booked has a name, by which billing locks and charges it.

-- migrate:up

ALTER TABLE appointment ADD COLUMN quote uuid;
COMMENT ON COLUMN appointment.quote IS 'None for times booked before prices were locked; those are never charged.';

-- migrate:down

ALTER TABLE appointment DROP COLUMN quote;
