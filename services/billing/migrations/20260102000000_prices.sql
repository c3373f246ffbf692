-- Prices shown, locked, charged and given up. What is paid for is sealed; amounts, ids and times are plain.

-- migrate:up

CREATE TABLE quote (
    id         uuid PRIMARY KEY,
    patient    uuid NOT NULL,
    cents      integer NOT NULL CONSTRAINT quote_cents CHECK (cents >= 0),
    lines      bytea NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT quote_expiry CHECK (expires_at > made_at),
    CONSTRAINT quote_price_key UNIQUE (id, patient, cents)
);
COMMENT ON TABLE quote IS 'Written once: the runtime role may neither change nor remove a price.';

CREATE TABLE care_case (
    id           uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    served_at    timestamptz,
    given_up_at  timestamptz,
    given_up_for text CONSTRAINT care_case_reason CHECK (
        given_up_for IN ('routed-elsewhere', 'cancelled', 'entered-in-error')
    ),
    CONSTRAINT care_case_patient_key UNIQUE (id, patient),
    CONSTRAINT care_case_given_up CHECK ((given_up_at IS NULL) = (given_up_for IS NULL))
);
COMMENT ON TABLE care_case IS 'What was heard of a consult or an appointment, before or after its price is locked; locked by whoever settles it.';

CREATE TABLE price_lock (
    quote        uuid PRIMARY KEY,
    patient      uuid NOT NULL,
    cents        integer NOT NULL,
    care_case    uuid NOT NULL,
    provider     uuid NOT NULL,
    particulars  bytea NOT NULL,
    locked_at    timestamptz NOT NULL,
    voided_at    timestamptz,
    void_reason  text CONSTRAINT price_lock_reason CHECK (
        void_reason IN ('routed-elsewhere', 'cancelled', 'entered-in-error')
    ),
    CONSTRAINT price_lock_case_key UNIQUE (care_case),
    CONSTRAINT price_lock_price_key UNIQUE (quote, patient, cents),
    CONSTRAINT price_lock_quote FOREIGN KEY (quote, patient, cents) REFERENCES quote (id, patient, cents),
    CONSTRAINT price_lock_case FOREIGN KEY (care_case, patient) REFERENCES care_case (id, patient),
    CONSTRAINT price_lock_voided CHECK ((voided_at IS NULL) = (void_reason IS NULL))
);
COMMENT ON COLUMN price_lock.particulars IS 'Sealed: the names and places that the receipt will show, as they are now.';

CREATE TABLE charge (
    id           uuid PRIMARY KEY,
    quote        uuid NOT NULL,
    patient      uuid NOT NULL,
    locked_cents integer NOT NULL,
    cents        integer NOT NULL,
    provider     uuid NOT NULL,
    particulars  bytea NOT NULL,
    served_at    timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    voided_at    timestamptz,
    void_reason  text CONSTRAINT charge_reason CHECK (
        void_reason IN ('routed-elsewhere', 'cancelled', 'entered-in-error')
    ),
    voided_by    text,
    CONSTRAINT charge_lock FOREIGN KEY (quote, patient, locked_cents) REFERENCES price_lock (quote, patient, cents),
    CONSTRAINT charge_within_lock CHECK (cents >= 0 AND cents <= locked_cents),
    CONSTRAINT charge_voided CHECK (
        (voided_at IS NULL) = (void_reason IS NULL) AND (voided_at IS NULL) = (voided_by IS NULL)
    )
);
CREATE UNIQUE INDEX charge_standing ON charge (quote) WHERE voided_at IS NULL;
CREATE INDEX charge_quote ON charge (quote);
CREATE INDEX charge_patient ON charge (patient, recorded_at DESC, id);
COMMENT ON COLUMN charge.provider IS 'Who saw the patient, which is not always who the price was locked with.';

DO $$
DECLARE runtime text := regexp_replace(current_user, '_owner$', '');
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON quote, care_case, price_lock, charge FROM %I', runtime);
    EXECUTE format('GRANT UPDATE (served_at, given_up_at, given_up_for) ON care_case TO %I', runtime);
    EXECUTE format('GRANT UPDATE (voided_at, void_reason) ON price_lock TO %I', runtime);
    EXECUTE format('GRANT UPDATE (voided_at, void_reason, voided_by) ON charge TO %I', runtime);
END
$$;

-- migrate:down

DROP TABLE charge, price_lock, care_case, quote;
