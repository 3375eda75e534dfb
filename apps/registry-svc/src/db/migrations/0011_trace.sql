-- Traces.

select 1;
