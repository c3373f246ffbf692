-- Who sees to a thread, and until when an answer in it is promised.

-- migrate:up

ALTER TABLE thread
    ADD COLUMN assigned  uuid,
    ADD COLUMN team      text,
    ADD COLUMN reply_due timestamptz;
UPDATE thread
   SET team = CASE kind WHEN 'support' THEN 'support' ELSE 'care' END,
       reply_due = CASE
           WHEN NOT reply_owed THEN NULL
           WHEN kind = 'support' THEN last_at + interval '1 hour'
           WHEN kind = 'consult' THEN last_at + interval '4 hours'
           ELSE last_at + interval '24 hours'
       END;
ALTER TABLE thread
    ALTER COLUMN team SET NOT NULL,
    ADD CONSTRAINT thread_promise CHECK (reply_owed = (reply_due IS NOT NULL));

-- migrate:down

ALTER TABLE thread DROP COLUMN assigned, DROP COLUMN team, DROP COLUMN reply_due;
