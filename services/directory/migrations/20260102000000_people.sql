-- People of the practice, what they may do and when; who treats whom.

-- migrate:up

CREATE TABLE staff (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    roles      text[] NOT NULL,
    teams      text[] NOT NULL,
    time_zone  text NOT NULL,
    credential text,
    specialty  text,
    prescribes boolean NOT NULL DEFAULT false,
    video      boolean NOT NULL DEFAULT false,
    CONSTRAINT staff_prescriber CHECK (credential IS NOT NULL OR NOT prescribes)
);

CREATE TABLE licence (
    staff    uuid NOT NULL REFERENCES staff (id),
    state    text NOT NULL,
    number   text NOT NULL,
    expires  date NOT NULL,
    ended_at timestamptz,
    entry    text,
    PRIMARY KEY (staff, state, number),
    CONSTRAINT licence_entry_key UNIQUE (entry)
);
COMMENT ON COLUMN licence.expires IS 'The last day it holds, in the zone of the member of staff.';
COMMENT ON COLUMN licence.ended_at IS 'When it was taken away or given up before that.';

CREATE TABLE hours (
    staff   uuid NOT NULL REFERENCES staff (id),
    office  uuid NOT NULL,
    weekday integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    opens   text NOT NULL,
    closes  text NOT NULL,
    entry   text,
    PRIMARY KEY (staff, office, weekday, opens, closes),
    CONSTRAINT hours_entry_key UNIQUE (entry)
);

CREATE TABLE shift (
    staff     uuid NOT NULL REFERENCES staff (id),
    weekday   integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    opens     text NOT NULL,
    closes    text NOT NULL,
    time_zone text NOT NULL,
    entry     text,
    PRIMARY KEY (staff, weekday, opens, closes, time_zone),
    CONSTRAINT shift_entry_key UNIQUE (entry)
);

CREATE TABLE patient (
    id            uuid PRIMARY KEY,
    name          text NOT NULL,
    birth_date    date NOT NULL,
    state         text NOT NULL,
    time_zone     text NOT NULL,
    latitude      double precision NOT NULL,
    longitude     double precision NOT NULL,
    own_clinician uuid CONSTRAINT patient_own_clinician_fkey REFERENCES staff (id)
);

CREATE TABLE proxy (
    patient  uuid NOT NULL REFERENCES patient (id),
    proxy    uuid NOT NULL,
    ended_at timestamptz,
    entry    text,
    PRIMARY KEY (patient, proxy),
    CONSTRAINT proxy_entry_key UNIQUE (entry)
);

CREATE TABLE relationship (
    id            uuid PRIMARY KEY,
    patient       uuid NOT NULL CONSTRAINT relationship_patient_fkey REFERENCES patient (id),
    clinician     uuid NOT NULL CONSTRAINT relationship_clinician_fkey REFERENCES staff (id),
    source        text NOT NULL CHECK (source IN ('booking', 'consult', 'video', 'registration')),
    registered_at timestamptz NOT NULL,
    lapses_at     timestamptz,
    confirmed_at  timestamptz,
    ended_at      timestamptz,
    CONSTRAINT relationship_stands CHECK (confirmed_at IS NOT NULL OR lapses_at IS NOT NULL)
);
CREATE INDEX relationship_between ON relationship (patient, clinician);
COMMENT ON COLUMN relationship.lapses_at IS 'Unless confirmed, it counts until then.';

CREATE TABLE loaded (
    entry  text PRIMARY KEY,
    digest bytea NOT NULL
);
COMMENT ON TABLE loaded IS 'What was taken from the practice data, so that a row is only touched when its entry there changes.';

-- migrate:down

DROP TABLE loaded, relationship, proxy, patient, shift, hours, licence, staff;
