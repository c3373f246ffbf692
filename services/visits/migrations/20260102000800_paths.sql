-- The path around a visit: what the patient ticked of the guidance, and how they say it went.

-- migrate:up

CREATE TABLE tick (
    visit     uuid NOT NULL REFERENCES visit (id),
    item      smallint NOT NULL CHECK (item >= 0),
    ticked_by uuid NOT NULL,
    ticked_at timestamptz NOT NULL,
    PRIMARY KEY (visit, item)
);

CREATE TABLE opinion (
    visit    uuid PRIMARY KEY REFERENCES visit (id),
    author   uuid NOT NULL,
    sealed   bytea NOT NULL,
    given_at timestamptz NOT NULL
);

-- migrate:down

DROP TABLE opinion, tick;
