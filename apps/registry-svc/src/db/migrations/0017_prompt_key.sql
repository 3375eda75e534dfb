-- Every search of models and versions asks for this key. A key with a number is known for good; one without, as long as nobody
-- stored a prompt, was looked for by each search anew.
select key_of('mlflow.prompt.is_prompt');
