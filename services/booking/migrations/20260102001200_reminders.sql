-- Reminders of the visits that were booked before there were any: the day before, by day, and two hours before.

-- migrate:up

INSERT INTO deadline (id, kind, entity, due_at)
SELECT gen_random_uuid(), due.kind, booked.id, due.due_at
  FROM appointment booked
 CROSS JOIN LATERAL (SELECT booked.start_at AT TIME ZONE booked.time_zone AS start_at) local
 CROSS JOIN LATERAL (VALUES
       ('remind-two-hours', booked.start_at - interval '2 hours'),
       ('remind-day-before', (
           local.start_at::date - 1 + least(greatest(local.start_at::time, time '08:00'), time '20:00')
       ) AT TIME ZONE booked.time_zone)
       ) AS due (kind, due_at)
 WHERE booked.status = 'booked' AND booked.started_at IS NULL AND due.due_at > now();

-- migrate:down

DELETE FROM deadline WHERE kind IN ('remind-day-before', 'remind-two-hours');
