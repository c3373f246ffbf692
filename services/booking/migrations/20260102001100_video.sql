-- Patients who wait for a clinician on call by video, and who joined them.

-- migrate:up

CREATE TABLE video (
    id           uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    author       uuid NOT NULL,
    state        text NOT NULL,
    time_zone    text NOT NULL,
    sealed       bytea NOT NULL,
    requested_at timestamptz NOT NULL,
    promised_at  timestamptz NOT NULL,
    status       text NOT NULL CONSTRAINT video_status CHECK (status IN ('waiting', 'connected', 'ended', 'left')),
    clinician    uuid,
    appointment  uuid REFERENCES appointment (id),
    settled_at   timestamptz,
    CONSTRAINT video_connected CHECK ((status IN ('connected', 'ended')) = (clinician IS NOT NULL AND appointment IS NOT NULL)),
    CONSTRAINT video_settled CHECK ((status = 'waiting') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX video_one_at_a_time ON video (patient) WHERE status IN ('waiting', 'connected');
CREATE UNIQUE INDEX video_appointment ON video (appointment);
CREATE INDEX video_waiting ON video (promised_at, id) WHERE status = 'waiting';

-- migrate:down

DROP TABLE video;
