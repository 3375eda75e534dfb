"""Golden results for libs/ml-core, from scikit-learn.

    python3 -m pip install scikit-learn==1.9.1
    python3 libs/ml-core/golden/linear/make.py

Writes golden.json beside itself. Fits are run to a much tighter tolerance than their defaults, so that the numbers are
those of the optimum and not of a solver's path to it.
"""

import csv
import json
import platform
import re
from pathlib import Path

import numpy as np
import scipy
import sklearn
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    mean_absolute_error,
    precision_score,
    r2_score,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
    silhouette_score,
)
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

here = Path(__file__).parent
examples = here.parents[3] / "examples"


def read(name):
    with open(examples / f"{name}.csv", newline="") as file:
        header, *rows = list(csv.reader(file))
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def numbers(name):
    x, y = read(name)
    return np.array(x, dtype=float), y


def regressions():
    x, y = numbers("diabetes")
    y = np.array(y, dtype=float)
    # A column that is the sum of two others, and a constant one: the smallest of many solutions.
    dependent = np.column_stack([x, x[:, 0] + x[:, 1], np.full(len(x), 0.1)])
    wide = x[:6]
    cases = {
        "least squares": (LinearRegression(), x, y),
        "least squares without intercept": (LinearRegression(fit_intercept=False), x, y),
        "least squares of dependent columns": (LinearRegression(), dependent, y),
        "least squares of fewer rows than columns": (LinearRegression(), wide, y[:6]),
        "ridge 1": (Ridge(alpha=1.0, solver="cholesky"), x, y),
        "ridge 100": (Ridge(alpha=100.0, solver="cholesky"), x, y),
        "ridge 1 without intercept": (Ridge(alpha=1.0, solver="cholesky", fit_intercept=False), x, y),
    }
    result = {}
    for name, (model, features, target) in cases.items():
        model.fit(features, target)
        result[name] = {"coefficients": model.coef_.tolist(), "intercept": float(model.intercept_)}
    return result


def logistic():
    result = {}
    for name, C, intercept in [
        ("iris", 1.0, True),
        ("iris", 0.01, True),
        ("wine", 1.0, True),
        ("breast_cancer", 1.0, True),
        ("breast_cancer", 0.1, True),
        ("iris", 1.0, False),
    ]:
        x, y = numbers(name)
        # Same objective, other units: standardized features cannot be compared as they are, the optimum on raw ones can.
        model = LogisticRegression(C=C, fit_intercept=intercept, tol=1e-12, max_iter=100_000, solver="newton-cholesky")
        model.fit(x, y)
        result[f"{name} C={C} intercept={intercept}"] = {
            "data": name,
            "C": C,
            "fit_intercept": intercept,
            "coefficients": model.coef_.tolist(),
            "intercepts": np.broadcast_to(model.intercept_, (len(model.coef_),)).tolist(),
        }
    return result


def k_means():
    result = {}
    for name, clusters in [("iris", 3), ("wine", 3), ("digits", 10)]:
        x, _ = numbers(name)
        model = KMeans(clusters, n_init=50, random_state=0, tol=1e-8, max_iter=1000).fit(x)
        result[name] = {
            "n_clusters": clusters,
            "inertia": float(model.inertia_),
            "silhouette": float(silhouette_score(x, model.labels_)),
        }
    return result


def lower_ascii(text):
    return re.sub(r"[A-Z]+", lambda letters: letters.group().lower(), text)


def vectorizer(**params):
    return TfidfVectorizer(preprocessor=lower_ascii, tokenizer=lambda text: [w for w in text.split(" ") if w], token_pattern=None, **params)


def tfidf():
    texts = [
        "The cat sat on the mat",
        "the dog, the CAT and the bird",
        "  spaces   everywhere  ",
        "",
        "Été à la plage ÉTÉ",
        "tab\tinside and\nline",
        "\U0001f600 smile \uff5e wave",
        "cat cat cat dog",
    ]
    result = {"texts": texts, "cases": []}
    for params in [{}, {"ngram_range": (1, 2)}, {"min_df": 2}, {"ngram_range": (2, 2), "min_df": 1}]:
        model = vectorizer(**params)
        matrix = model.fit_transform(texts)
        result["cases"].append(
            {
                "params": {key: list(value) if isinstance(value, tuple) else value for key, value in params.items()},
                "vocabulary": model.get_feature_names_out().tolist(),
                "idf": model.idf_.tolist(),
                "rows": matrix.toarray().tolist(),
            }
        )
    return result


def metrics():
    random = np.random.default_rng(7)
    cases = []
    for classes, rows in [(2, 40), (4, 60)]:
        truth = random.integers(0, classes, rows)
        # Rounded, so that there are ties.
        scores = np.round(random.random((rows, classes)), 1) + 0.1 + np.eye(classes)[truth] * 0.3
        probabilities = scores / scores.sum(axis=1, keepdims=True)
        predicted = probabilities.argmax(axis=1)
        expected = {
            "accuracy": accuracy_score(truth, predicted),
            "log_loss": log_loss(truth, probabilities),
        }
        for name, metric in [("precision", precision_score), ("recall", recall_score), ("f1", f1_score)]:
            if classes == 2:
                expected[name] = metric(truth, predicted)
            expected[f"{name}_macro"] = metric(truth, predicted, average="macro")
            expected[f"{name}_weighted"] = metric(truth, predicted, average="weighted")
        if classes == 2:
            expected["roc_auc"] = roc_auc_score(truth, probabilities[:, 1])
        else:
            expected["roc_auc_ovr"] = roc_auc_score(truth, probabilities, multi_class="ovr")
        cases.append(
            {
                "truth": truth.tolist(),
                "predicted": predicted.tolist(),
                "probabilities": probabilities.tolist(),
                "confusion": confusion_matrix(truth, predicted).tolist(),
                "expected": {key: float(value) for key, value in expected.items()},
            }
        )
    truth = random.normal(size=50)
    predicted = truth + random.normal(size=50) / 3
    regression = {
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "expected": {
            "rmse": float(root_mean_squared_error(truth, predicted)),
            "mae": float(mean_absolute_error(truth, predicted)),
            "r2": float(r2_score(truth, predicted)),
        },
    }
    points = random.normal(size=(30, 3))
    labels = random.integers(0, 3, 30)
    # One cluster of a single row.
    labels[4] = 3
    clustering = {
        "points": points.tolist(),
        "labels": labels.tolist(),
        "silhouette": float(silhouette_score(points, labels)),
    }
    return {"classification": cases, "regression": regression, "clustering": clustering}


def preprocessing():
    values = [3.0, None, 1.0, 2.0, 2.0, None, 10.0]
    column = np.array([[np.nan if value is None else value] for value in values])
    imputed = {
        strategy: SimpleImputer(strategy=strategy.replace("-", "_")).fit_transform(column)[:, 0].tolist()
        for strategy in ["mean", "median", "most-frequent"]
    }
    filled = SimpleImputer(strategy="median").fit_transform(column)
    colors = [["red"], ["Blue"], ["\u00e9"], [""], ["red"], ["\uff5e"], ["\U0001f600"]]
    return {
        "values": values,
        "imputed": imputed,
        "median then standard": StandardScaler().fit_transform(filled)[:, 0].tolist(),
        "median then min-max": MinMaxScaler().fit_transform(filled)[:, 0].tolist(),
        "colors": [color for (color,) in colors],
        "categories": OrdinalEncoder().fit(colors).categories_[0].tolist(),
        "ordinal": OrdinalEncoder().fit_transform(colors)[:, 0].tolist(),
        "one-hot": OneHotEncoder(sparse_output=False).fit_transform(colors).tolist(),
    }


def quality():
    """Mean score of five folds; the folds are not ours, so these are compared within 0.02."""
    stratified = StratifiedKFold(5, shuffle=True, random_state=0)
    plain = KFold(5, shuffle=True, random_state=0)
    result = {}
    for name in ["iris", "wine", "breast_cancer", "digits"]:
        x, y = numbers(name)
        model = LogisticRegression(max_iter=10_000)
        model = make_pipeline(StandardScaler(), model)
        result[f"logistic-regression {name} accuracy"] = cross_val_score(model, x, y, cv=stratified).mean()
    x, y = read("titanic")
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=10_000))
    result["logistic-regression titanic accuracy"] = cross_val_score(model, x, y, cv=stratified).mean()
    x, y = read("debian_sections")
    model = make_pipeline(vectorizer(), LogisticRegression(max_iter=10_000))
    texts = [row[0] for row in x]
    result["tfidf-logistic-regression debian_sections accuracy"] = cross_val_score(model, texts, y, cv=stratified).mean()
    word = TfidfVectorizer(lowercase=True, token_pattern=r"\S+")
    model = make_pipeline(word, LogisticRegression(max_iter=10_000))
    result["tfidf-logistic-regression (token_pattern \\S+) debian_sections accuracy"] = cross_val_score(
        model, texts, y, cv=stratified
    ).mean()
    x, y = numbers("diabetes")
    y = np.array(y, dtype=float)
    result["linear-regression diabetes r2"] = cross_val_score(LinearRegression(), x, y, cv=plain).mean()
    result["ridge diabetes r2"] = cross_val_score(Ridge(1.0), x, y, cv=plain).mean()
    return {key: float(value) for key, value in result.items()}


golden = {
    "made by": "make.py",
    "versions": {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    },
    "regressions": regressions(),
    "logistic": logistic(),
    "k-means": k_means(),
    "tfidf": tfidf(),
    "metrics": metrics(),
    "preprocessing": preprocessing(),
    "quality": quality(),
}
(here / "golden.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
