-- Group keys that open only with the keystore's share.

-- migrate:up

ALTER TABLE group_key ADD COLUMN with_share boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN group_key.with_share IS 'Wrapped under the keystore''s share of the group too; an older key is under the patient key alone until it is shared.';

-- migrate:down

ALTER TABLE group_key DROP COLUMN with_share;
