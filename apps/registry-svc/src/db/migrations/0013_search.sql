-- Indexes behind MLflow's search grammar.

select 1;
