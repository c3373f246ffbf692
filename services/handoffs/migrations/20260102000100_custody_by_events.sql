-- Which event brought a custody about, so that one heard of late takes its place among those before and after it.

-- migrate:up

ALTER TABLE custody ADD COLUMN event uuid;
UPDATE custody c SET event = h.opened_by FROM handoff h WHERE h.id = c.handoff AND c.how = 'opened';
SET CONSTRAINTS ALL IMMEDIATE; -- what the custody trigger still has to look at keeps a table from being altered
ALTER TABLE custody ADD CONSTRAINT custody_opened CHECK (how <> 'opened' OR event IS NOT NULL);
COMMENT ON COLUMN custody.event IS 'None where the ledger escalated it, or a person moved it in the ledger itself.';

-- migrate:down

ALTER TABLE custody DROP COLUMN event;
