"""Values of libraries that are too large for every run: torch and Spark, and altair where it can draw."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.references import resolved
from zhipu_magic.values.rendering.renderers import rendered

pytestmark = pytest.mark.skipif(not os.environ.get("ZHIPU_MAGIC_TEST_VALUES"), reason="make test-values runs it")


def test_a_module_of_torch_is_its_layers_and_the_number_of_its_parameters() -> None:
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    net[0].weight.requires_grad_(False)
    assert rendered(net, 300).text == (
        "torch Sequential, 49 parameters (17 trainable), float32, in training mode\n```text\nSequential(\n"
        "  (0): Linear(in_features=4, out_features=8, bias=True)\n  (1): ReLU()\n"
        "  (2): Linear(in_features=8, out_features=1, bias=True)\n)\n```"
    )
    assert '{"net": "torch Sequential, 49 parameters' in rendered({"net": net}, 300).text
    assert rendered(torch.ones(2, 2), 300).text.startswith("torch Tensor, shape (2, 2), torch.float32")


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    yield session
    session.stop()


def test_a_table_of_spark_is_its_columns_and_no_job_is_run(spark: Any) -> None:
    frame = spark.createDataFrame([(1, "a"), (2, "b")], ["n", "t"])
    spark.sparkContext.setJobGroup("rendering", "none is expected")
    prompt = resolved("{{ frame }}", {"frame": frame}, 300)
    assert prompt.text.startswith("pyspark DataFrame, 2 columns, rows not computed\n\n| column | dtype |")
    assert prompt.cut == ("frame: columns sent, no rows, which are not computed: .limit(20).toPandas() has some",)
    assert list(spark.sparkContext.statusTracker().getJobIdsForGroup("rendering")) == []
    assert rendered(frame.collect(), 300).text == '[{"n": 1, "t": "a"}, {"n": 2, "t": "b"}]'
    with pytest.raises(InvalidRequest, match=r'spark\.sql\("SELECT …"\)\.limit\(20\)\.toPandas\(\)'):
        rendered(spark, 300, called="spark")


def test_a_chart_of_altair_is_drawn_where_that_is_installed() -> None:
    import altair as alt
    import pandas as pd

    chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x")
    (image,) = rendered(chart, 300).images
    assert image.type == "image/png"
