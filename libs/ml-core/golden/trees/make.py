"""Writes decision-tree.json, boosting.json and quality.json: what scikit-learn and LightGBM answer to the same questions.

Run in this folder: python3 make.py    (pip install scikit-learn lightgbm pandas)
"""

import json
import pathlib

import lightgbm
import numpy as np
import pandas as pd
import sklearn
from sklearn import ensemble, tree
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import OrdinalEncoder

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE / "../../../../examples"
VERSIONS = {"scikit-learn": sklearn.__version__, "lightgbm": lightgbm.__version__, "numpy": np.__version__}
REGRESSION = {"diabetes"}
SETS = ["iris", "wine", "breast_cancer", "digits", "titanic", "diabetes"]


def load(name):
    """Features, text ordinal-encoded in code-point order, and target; the last column is the target."""
    frame = pd.read_csv(EXAMPLES / f"{name}.csv", keep_default_na=False)
    x, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    text = [c for c in x.columns if x[c].dtype.kind not in "iuf"]
    x = x.copy()
    if text:
        x[text] = OrdinalEncoder().fit_transform(x[text])
    y = y.to_numpy()
    return x.to_numpy(dtype=float), y if name in REGRESSION else np.unique(y, return_inverse=True)[1]


def tree_like(name, **params):
    kind = tree.DecisionTreeRegressor if name in REGRESSION else tree.DecisionTreeClassifier
    return kind(**params)


def without_ties(name, x, y, params, seeds=12):
    """The fitted tree if scikit-learn, which searches columns in random order, answers the same whatever the order;
    and whether the columns that it used are the same too."""
    fits = [tree_like(name, random_state=seed, **params).fit(x, y) for seed in range(seeds)]
    first, *others = fits
    if not all(np.array_equal(first.predict(x), fit.predict(x)) for fit in others):
        return None
    importance = first.feature_importances_
    return first, all(np.allclose(importance, fit.feature_importances_, rtol=0, atol=1e-12) for fit in others)


def decision_trees():
    cases = []
    shapes = [{"criterion": "entropy"}, {"min_samples_leaf": 5}, {"max_leaf_nodes": 6}, {}]
    for name in SETS:
        x, y = load(name)
        for shape in shapes:
            if name in REGRESSION and "criterion" in shape:
                continue
            tries = ({**shape, "max_depth": depth} for depth in range(7, 0, -1))
            found = next(((p, f) for p in tries if (f := without_ties(name, x, y, p)) is not None), None)
            if found is None:
                continue
            params, (fit, same_columns) = found
            cases.append({
                "set": name,
                "params": params,
                "leaves": int(fit.get_n_leaves()),
                "importance": fit.feature_importances_.tolist() if same_columns else None,
                "predictions": fit.predict(x).tolist(),
            })
    return cases


def predict_reordered(model, x, y, seed):
    """Predictions for the training rows; columns reordered and some turned round, which matters only between ties."""
    rng = np.random.default_rng(seed)
    columns, signs = rng.permutation(x.shape[1]), rng.choice([-1, 1], x.shape[1])
    turned = x[:, columns] * signs if seed > 0 else x
    model.fit(turned, y)
    return model.predict_proba(turned) if hasattr(model, "predict_proba") else model.predict(turned)


def boosting_cases():
    """A few iterations without ties, on rows few enough that every value has a bin of its own, as in Mintmark."""
    # LightGBM estimates the rows of a leaf from their curvatures, Mintmark counts them: so there is no minimum here.
    # Where no split of a column gained, LightGBM does not search it again below; with lambda one may, so those stay small.
    shapes = [
        {"num_leaves": 7},
        {"num_leaves": 4, "lambda_l2": 3},
        {"max_depth": 2, "learning_rate": 0.3, "min_sum_hessian_in_leaf": 4.9},
    ]
    cases = []
    for name in SETS:
        x, y = load(name)
        x, y = x[::2][:250], y[::2][:250]
        for shape in shapes:
            params = {"n_estimators": 5, **shape}
            names = {
                "lambda_l2": "reg_lambda",
                "min_sum_hessian_in_leaf": "min_child_weight",
            }
            kind = lightgbm.LGBMRegressor if name in REGRESSION else lightgbm.LGBMClassifier
            settings = {names.get(k, k): v for k, v in params.items()}
            make = lambda: kind(verbose=-1, n_jobs=1, min_data_in_bin=1, min_child_samples=0, **settings)
            predictions = [predict_reordered(make(), x, y, seed) for seed in range(8)]
            if all(np.allclose(predictions[0], other, rtol=1e-9, atol=0) for other in predictions):
                answers = predictions[0].round(9).ravel().tolist()
                cases.append({"set": name, "params": {**params, "min_data_in_leaf": 1}, "predictions": answers})
    return cases


def forest(name, seed):
    kind = ensemble.RandomForestRegressor if name in REGRESSION else ensemble.RandomForestClassifier
    return kind(random_state=seed, n_jobs=2)


def boosting(name, seed):
    kind = ensemble.HistGradientBoostingRegressor if name in REGRESSION else ensemble.HistGradientBoostingClassifier
    return kind(random_state=seed)


def light(name, seed):
    kind = lightgbm.LGBMRegressor if name in REGRESSION else lightgbm.LGBMClassifier
    return kind(random_state=seed, n_jobs=1, verbose=-1)


def folds_score(make, name, seeds):
    """Mean over seeds and five folds (row modulo 5) of accuracy or R2."""
    x, y = load(name)
    fold = np.arange(len(y)) % 5
    scores = [
        make(name, seed).fit(x[fold != f], y[fold != f]).score(x[fold == f], y[fold == f])
        for seed in seeds
        for f in range(5)
    ]
    return float(np.mean(scores))


def quality():
    makers = {
        "decision-tree": (lambda name, seed: tree_like(name, random_state=seed), range(10)),
        "decision-stump": (lambda name, seed: tree_like(name, random_state=seed, max_depth=1), range(3)),
        "random-forest": (forest, range(3)),
        "gradient-boosting": (boosting, range(1)),
        "gradient-boosting (lightgbm)": (light, range(1)),
    }
    scores = {a: {name: folds_score(make, name, seeds) for name in SETS} for a, (make, seeds) in makers.items()}
    return scores


def isolation():
    """Mean over seeds: how well scores tell malignant rows, and the middle of the scores as Mintmark scales them."""
    x, y = load("breast_cancer")
    fits = [fit_isolation(x, seed) for seed in range(20)]
    scores = [2 * (0.5 + fit.score_samples(x)) for fit in fits]
    return {
        "roc_auc": isolation_roc_auc(x, y == 1),
        "mean_score": float(np.mean(scores)),
        "threshold": float(np.mean([2 * (0.5 + fit.offset_) for fit in fits])),
        "anomalies": float(np.mean([(fit.predict(x) == -1).sum() for fit in fits])),
    }


def isolation_roc_auc(x, malignant, seeds=20):
    """Mean over seeds and five folds: from seed to seed it varies by 0.02, so that single fits cannot be compared."""
    fold = np.arange(len(x)) % 5
    return float(
        np.mean(
            [
                roc_auc_score(malignant[fold == k], -fit_isolation(x[fold != k], seed).score_samples(x[fold == k]))
                for seed in range(seeds)
                for k in range(5)
            ]
        )
    )


def fit_isolation(x, seed):
    return ensemble.IsolationForest(contamination=0.1, random_state=seed).fit(x)


def write(name, content):
    (HERE / name).write_text(json.dumps({"versions": VERSIONS, **content}) + "\n")


write("decision-tree.json", {"cases": decision_trees()})
write("boosting.json", {"cases": boosting_cases()})
write("quality.json", {"scores": quality(), "isolation": isolation()})
