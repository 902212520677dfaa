-- What the sweep looks for twice a second: activities whose last attempt was lost. They are few; without an
-- index of their own each sweep read all tasks.
CREATE INDEX wf_task_last_attempt ON wf_task (visible_at) WHERE kind = 'a' AND attempt >= max_attempts;
