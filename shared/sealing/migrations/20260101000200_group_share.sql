-- The keystore's share in the key of each group, so that one group can be erased from every backup of the data.

-- migrate:up

CREATE TABLE group_share (
    patient   uuid NOT NULL,
    grp       uuid NOT NULL,
    share     bytea,
    made_at   timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz,
    CONSTRAINT group_share_pkey PRIMARY KEY (patient, grp),
    CONSTRAINT group_share_whole_or_destroyed CHECK ((share IS NULL) = (erased_at IS NOT NULL))
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX group_share_erased ON group_share (grp) WHERE erased_at IS NOT NULL;
CREATE INDEX patient_key_erased ON patient_key (patient) WHERE erased_at IS NOT NULL;
COMMENT ON TABLE group_share IS 'Without the share a wrapped group key opens to nobody, whoever has the patient key. A destroyed one leaves its row behind.';

-- migrate:down

DROP INDEX patient_key_erased;
DROP TABLE group_share;
