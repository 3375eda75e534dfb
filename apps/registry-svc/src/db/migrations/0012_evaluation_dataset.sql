-- Evaluation data sets.

select 1;
