/**
 * What a browser finds at `/`, where links of MLflow's clients lead (`View run … at http://HOST/#/experiments/…`): what this
 * is, and what to ask instead, as there is no web console.
 * @module
 */
import { mlflowVersion } from "@mintmark/model-package/environment";

/** It runs nothing and loads nothing. */
export const frontPagePolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const frontPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Mintmark</title>
<h1>Mintmark</h1>
<p>A model registry and training pipeline. There is no web console here yet.
<p>If a link of an MLflow client brought you here: the last part of it is the id of a run or an experiment, which
<code>/api/2.0/mlflow/runs/get?run_id=ID</code> and <code>/api/2.0/mlflow/experiments/get?experiment_id=ID</code> show.
<h2>On the command line</h2>
<pre>
export MINTMARK_URL=http://HOST:PORT   # this address
mintmark models list
mintmark models show NAME
mintmark jobs list
mintmark predict NAME --data FILE.csv
mintmark --help
</pre>
<h2>For programs</h2>
<ul>
<li>MLflow ${mlflowVersion}: <code>MLFLOW_TRACKING_URI=http://HOST:PORT</code>
<li>What a name means now: <code>/v1/resolve?uri=NAME@ALIAS</code>
<li>Predictions: <code>/serve/NAME@ALIAS/invocations</code>
<li>The native API, Connect or JSON: <code>/mintmark.PACKAGE.v1.SERVICE/METHOD</code>
<li>Its own version: <a href="v1/info">/v1/info</a>; that it lives: <a href="health">/health</a>; numbers:
<a href="metrics">/metrics</a>
</ul>
</html>
`;
