-- The ledger: what events said about a case, the work that follows from it, and who held it when.

-- migrate:up

CREATE TABLE fact (
    name     text NOT NULL,
    case_id  uuid NOT NULL,
    event    uuid NOT NULL,
    effect   text NOT NULL CONSTRAINT fact_effect CHECK (effect IN ('open', 'accept', 'move', 'close', 'withdraw')),
    at       timestamptz NOT NULL,
    sequence bigint NOT NULL,
    final    boolean NOT NULL,
    patient  uuid,
    owner    text,
    due      timestamptz,
    person   uuid,
    CONSTRAINT fact_pkey PRIMARY KEY (name, case_id, event)
);
CREATE INDEX fact_order ON fact (name, case_id, sequence);
CREATE INDEX fact_settling ON fact (name, case_id, sequence) WHERE effect IN ('close', 'withdraw') AND NOT final;
CREATE INDEX fact_final ON fact (name, case_id) WHERE final;
COMMENT ON TABLE fact IS 'What the stream said, in any order of arrival; a close seen before its open waits here and wins.';

CREATE TABLE handoff (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    case_id    uuid NOT NULL,
    patient    uuid,
    opened_by  uuid NOT NULL,
    opened_at  timestamptz NOT NULL,
    state      text NOT NULL CONSTRAINT handoff_state CHECK (state IN ('open', 'closed', 'withdrawn')),
    settled_by uuid,
    settled_at timestamptz,
    chased     integer NOT NULL,
    CONSTRAINT handoff_opening_key UNIQUE (name, case_id, opened_by),
    CONSTRAINT handoff_settled CHECK (
        (state = 'open') = (settled_at IS NULL) AND (settled_at IS NULL) = (settled_by IS NULL)
    )
);
CREATE UNIQUE INDEX handoff_one_open ON handoff (name, case_id) WHERE state = 'open';
CREATE INDEX handoff_patient ON handoff (patient, opened_at DESC, id);

CREATE TABLE custody (
    handoff     uuid NOT NULL REFERENCES handoff (id),
    number      integer NOT NULL,
    owner       text NOT NULL CONSTRAINT custody_never_the_patient CHECK (owner NOT LIKE 'patient:%'),
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz CONSTRAINT custody_forward CHECK (ended_at >= started_at),
    how         text NOT NULL CONSTRAINT custody_how CHECK (how IN ('opened', 'moved', 'escalated')),
    rung        integer NOT NULL,
    due         timestamptz NOT NULL,
    accepted_by uuid,
    accepted_at timestamptz,
    CONSTRAINT custody_pkey PRIMARY KEY (handoff, number),
    CONSTRAINT custody_one_owner EXCLUDE USING gist (handoff WITH =, tstzrange(started_at, ended_at) WITH &&)
);
CREATE INDEX custody_held ON custody (owner, due) WHERE ended_at IS NULL;
COMMENT ON TABLE custody IS 'Who was accountable from when to when: never two at once, never nobody while the work is owed.';

CREATE FUNCTION custody_unbroken() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at_fault uuid;
BEGIN
    SELECT h.id INTO at_fault
      FROM handoff h
     WHERE h.id = (CASE TG_ARGV[0] WHEN 'handoff' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(NEW) ->> 'handoff' END)::uuid
       AND (SELECT range_agg(tstzrange(c.started_at, c.ended_at)) FROM custody c WHERE c.handoff = h.id)
           IS DISTINCT FROM tstzmultirange(tstzrange(h.opened_at, h.settled_at));
    IF FOUND THEN
        RAISE EXCEPTION 'custody of % does not cover the time it was owed', at_fault
            USING ERRCODE = 'check_violation', CONSTRAINT = 'custody_unbroken';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER custody_unbroken AFTER INSERT OR UPDATE ON handoff
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION custody_unbroken('handoff');
CREATE CONSTRAINT TRIGGER custody_unbroken AFTER INSERT OR UPDATE ON custody
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION custody_unbroken('custody');

-- migrate:down

DROP TABLE custody, handoff, fact;
DROP FUNCTION custody_unbroken;
