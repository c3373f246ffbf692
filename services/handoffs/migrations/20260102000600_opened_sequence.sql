-- Where the opening event stands among its entity's, so that one more asking finds the work it asks for by its own row.

-- migrate:up

ALTER TABLE handoff ADD COLUMN opened_sequence bigint;
UPDATE handoff h SET opened_sequence = f.sequence
  FROM fact f
 WHERE f.name = h.name AND f.case_id = h.case_id AND f.event = h.opened_by;
SET CONSTRAINTS ALL IMMEDIATE; -- what the custody trigger still has to look at keeps a table from being altered
ALTER TABLE handoff ALTER COLUMN opened_sequence SET NOT NULL;

-- migrate:down

ALTER TABLE handoff DROP COLUMN opened_sequence;
