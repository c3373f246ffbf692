-- Consults that nobody sees to, in the order of the inboxes of the teams that are to take them.

-- migrate:up

CREATE INDEX thread_free_consult ON thread (team, urgency, id)
 WHERE kind = 'consult' AND assigned IS NULL AND closed_at IS NULL;

-- migrate:down

DROP INDEX thread_free_consult;
