"""Other people's forecasts of demand, made in an interpreter that has statsforecast and LightGBM.

Run by test_demand_peers.py: ``python peers_demand.py FOLDER``. For each ``in_*.npz`` of the folder
it writes ``out_*.npz`` with what the methods expect and the seconds of processor time they took.
"""

import sys
import time
from pathlib import Path

import numpy as np

FOLDS = 5
FOLD_H = 14 * 24


def forecast_mstl(load, *, hours):
    """Quantiles (101, hours) of MSTL with seasons of a day and a week, trend by AutoETS."""
    from statsforecast.models import MSTL

    levels = list(range(2, 100, 2))
    found = MSTL(season_length=[24, 168]).forecast(y=load, h=hours, level=levels)
    low = [found[f"lo-{level}"] for level in reversed(levels)]
    high = [found[f"hi-{level}"] for level in levels]
    rows = np.array([*low, found["mean"], *high])
    return np.concatenate([rows[:1], rows, rows[-1:]])


def forecast_lightgbm(features, load, *, calendar, temps):
    """Log demand by weather scenario (s, hours), and residuals out of sample (n,)."""
    known = np.isfinite(load)
    rows, target = features[known], np.log(load[known])
    fold = (np.flatnonzero(known) // FOLD_H) % FOLDS
    left = np.full(len(load), np.nan)
    apart = np.empty(len(target))
    for own in range(FOLDS):
        fitted = fit_trees(rows[fold != own], target[fold != own])
        apart[fold == own] = target[fold == own] - fitted.predict(rows[fold == own])
    left[known] = apart
    fitted = fit_trees(rows, target)
    expected = [fitted.predict(np.column_stack([calendar, each.T])) for each in temps]
    return np.array(expected), left


def fit_trees(rows, target):
    import lightgbm

    trees = lightgbm.LGBMRegressor(
        n_estimators=300,
        learning_rate=0.05,
        num_leaves=31,
        min_child_samples=20,
        n_jobs=1,
        random_state=1,
        deterministic=True,
        verbose=-1,
    )
    return trees.fit(rows, target).booster_


def main(folder):
    for path in sorted(folder.glob("in_*.npz")):
        given = np.load(path)
        begun = time.process_time()
        mstl = forecast_mstl(given["filled"], hours=len(given["calendar"]))
        between = time.process_time()
        expected, residual = forecast_lightgbm(
            given["features"], given["load"], calendar=given["calendar"], temps=given["temps"]
        )
        np.savez(
            folder / path.name.replace("in_", "out_"),
            mstl=mstl,
            expected=expected,
            residual=residual,
            seconds=[between - begun, time.process_time() - between],
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
