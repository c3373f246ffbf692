-- Who sees to a thread and how it came to them, until when an answer is promised, and the questions asked of support.

-- migrate:up

ALTER TABLE thread
    ADD COLUMN assigned     uuid,
    ADD COLUMN team         text,
    ADD COLUMN custody      integer NOT NULL DEFAULT 0,
    ADD COLUMN changed_at   timestamptz,
    ADD COLUMN reply_due    timestamptz,
    ADD COLUMN question     uuid,
    ADD COLUMN question_due timestamptz;
UPDATE thread
   SET team = CASE kind WHEN 'support' THEN 'support' ELSE 'care' END,
       reply_owed = reply_owed AND kind <> 'support',
       reply_due = CASE
           WHEN NOT reply_owed OR kind = 'support' THEN NULL
           WHEN kind = 'consult' THEN last_at + interval '4 hours'
           ELSE last_at + interval '24 hours'
       END;
ALTER TABLE thread
    ALTER COLUMN team SET NOT NULL,
    ADD CONSTRAINT thread_reply_promise CHECK (reply_owed = (reply_due IS NOT NULL)),
    ADD CONSTRAINT thread_question_promise CHECK ((question IS NULL) = (question_due IS NULL)),
    ADD COLUMN urgency timestamp GENERATED ALWAYS AS (
        CASE
            WHEN closed_at IS NOT NULL THEN NULL
            WHEN reply_due IS NULL AND question_due IS NULL THEN
                timestamp '6000-01-01' + (timestamp '3000-01-01' - coalesce(last_at, opened_at) AT TIME ZONE 'UTC')
            ELSE least(reply_due, question_due) AT TIME ZONE 'UTC'
        END
    ) STORED;
COMMENT ON COLUMN thread.changed_at IS 'When its custody or its question changed last; no two events of a thread have one time.';
COMMENT ON COLUMN thread.custody IS 'How often somebody came to see to it, or no longer did.';
COMMENT ON COLUMN thread.urgency IS
    'The place in staff''s inboxes, ascending: what is owed by its promise, then the rest by the latest word; none when closed.';
CREATE INDEX thread_assigned ON thread (assigned, urgency, id) WHERE assigned IS NOT NULL AND closed_at IS NULL;
CREATE INDEX thread_owed ON thread (team, urgency, id)
 WHERE (reply_due IS NOT NULL OR question_due IS NOT NULL) AND closed_at IS NULL;
DROP INDEX thread_patient;
CREATE INDEX thread_patient ON thread (patient, last_at DESC, id DESC);

ALTER TABLE participant ADD COLUMN urgency timestamp;
UPDATE participant p SET urgency = t.urgency FROM thread t WHERE t.id = p.thread;
CREATE INDEX participant_inbox ON participant (person, urgency, thread) WHERE left_at IS NULL AND urgency IS NOT NULL;
COMMENT ON COLUMN participant.urgency IS 'The thread''s own, so that an inbox is read in its order.';

CREATE FUNCTION participant_urgency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE participant p SET urgency = t.urgency FROM now_so t
     WHERE p.thread = t.id AND p.left_at IS NULL AND p.urgency IS DISTINCT FROM t.urgency;
    RETURN NULL;
END
$$;
CREATE TRIGGER participant_urgency AFTER UPDATE ON thread
    REFERENCING NEW TABLE AS now_so FOR EACH STATEMENT EXECUTE FUNCTION participant_urgency();

ALTER TABLE reading ADD COLUMN own bigint NOT NULL DEFAULT 0 CHECK (own >= 0);
COMMENT ON COLUMN reading.own IS 'How many messages above `sequence` the person wrote, which are not unread to them.';

CREATE TABLE custody (
    thread      uuid NOT NULL REFERENCES thread (id),
    number      integer NOT NULL CHECK (number > 0),
    how         text NOT NULL CONSTRAINT custody_how CHECK (how IN ('claimed', 'handed-over', 'released')),
    at          timestamptz NOT NULL,
    person      uuid NOT NULL,
    from_person uuid,
    from_team   text NOT NULL,
    to_person   uuid,
    to_team     text NOT NULL,
    reason      bytea CONSTRAINT custody_reason CHECK ((reason IS NOT NULL) = (how = 'handed-over')),
    PRIMARY KEY (thread, number)
);
COMMENT ON COLUMN custody.reason IS 'Why it was handed over, sealed under the keys of the thread.';

CREATE TABLE question (
    id         uuid PRIMARY KEY,
    thread     uuid NOT NULL REFERENCES thread (id),
    patient    uuid NOT NULL,
    asked_at   timestamptz NOT NULL,
    due        timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'open' CONSTRAINT question_state CHECK (state IN ('open', 'answered', 'withdrawn')),
    settled_at timestamptz,
    settled_by uuid,
    CONSTRAINT question_settled CHECK ((state = 'open') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX question_open ON question (thread) WHERE settled_at IS NULL;
CREATE INDEX question_due ON question (due) WHERE settled_at IS NULL;

-- migrate:down

DROP TABLE question, custody;
DROP TRIGGER participant_urgency ON thread;
DROP FUNCTION participant_urgency;
ALTER TABLE reading DROP COLUMN own;
ALTER TABLE participant DROP COLUMN urgency;
ALTER TABLE thread
    DROP COLUMN urgency, DROP COLUMN assigned, DROP COLUMN team, DROP COLUMN custody, DROP COLUMN changed_at,
    DROP COLUMN reply_due, DROP COLUMN question, DROP COLUMN question_due;
