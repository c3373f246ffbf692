-- Whether the reason of a visit calls for a message that evening, by the practice's kinds of visits.

-- migrate:up

ALTER TABLE visit ADD COLUMN follow_up_called_for boolean NOT NULL DEFAULT false;

-- migrate:down

ALTER TABLE visit DROP COLUMN follow_up_called_for;
