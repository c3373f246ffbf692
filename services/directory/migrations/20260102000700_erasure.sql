-- The erasure of a patient: asked for, decided, confirmed by every service; what stood here in the clear is blanked.

-- migrate:up

CREATE TABLE erasure (
    id           uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    requested_by uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    due          timestamptz NOT NULL,
    approved_by  uuid,
    approved_at  timestamptz,
    withdrawn_by uuid,
    withdrawn_at timestamptz,
    completed_at timestamptz,
    CONSTRAINT erasure_decided_once CHECK (num_nonnulls(approved_at, withdrawn_at) < 2),
    CONSTRAINT erasure_completed_after CHECK (completed_at IS NULL OR approved_at IS NOT NULL)
);
CREATE UNIQUE INDEX erasure_one ON erasure (patient) WHERE withdrawn_at IS NULL;
CREATE INDEX erasure_open ON erasure (due, id) WHERE withdrawn_at IS NULL AND completed_at IS NULL;

CREATE TABLE erasure_confirmed (
    erasure      uuid NOT NULL,
    service      text NOT NULL,
    confirmed_at timestamptz NOT NULL,
    CONSTRAINT erasure_confirmed_pkey PRIMARY KEY (erasure, service)
);

ALTER TABLE patient
    ALTER COLUMN name DROP NOT NULL,
    ALTER COLUMN birth_date DROP NOT NULL,
    ALTER COLUMN state DROP NOT NULL,
    ALTER COLUMN time_zone DROP NOT NULL,
    ALTER COLUMN latitude DROP NOT NULL,
    ALTER COLUMN longitude DROP NOT NULL,
    ADD CONSTRAINT patient_whole_or_blank CHECK (num_nonnulls(name, birth_date, state, time_zone, latitude, longitude) IN (0, 6));

-- migrate:down

ALTER TABLE patient
    DROP CONSTRAINT patient_whole_or_blank,
    ALTER COLUMN name SET NOT NULL,
    ALTER COLUMN birth_date SET NOT NULL,
    ALTER COLUMN state SET NOT NULL,
    ALTER COLUMN time_zone SET NOT NULL,
    ALTER COLUMN latitude SET NOT NULL,
    ALTER COLUMN longitude SET NOT NULL;
DROP TABLE erasure_confirmed, erasure;
