-- Webhooks.

select 1;
