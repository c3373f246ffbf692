-- A service's keystore: one wrapped key a patient, in a database of its own whose backups are short-lived.

-- migrate:up

CREATE TABLE patient_key (
    patient   uuid PRIMARY KEY,
    kek       text,
    wrapped   bytea,
    made_at   timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz,
    CONSTRAINT patient_key_whole_or_destroyed CHECK (num_nonnulls(kek, wrapped) = CASE WHEN erased_at IS NULL THEN 2 ELSE 0 END)
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
CREATE INDEX patient_key_kek ON patient_key (kek, patient);
COMMENT ON TABLE patient_key IS 'A destroyed key leaves its row behind, so that no new key is made for an erased patient. Vacuumed at once.';

-- migrate:down

DROP TABLE patient_key;
