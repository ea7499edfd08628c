"""Asking over tables of dask in a real kernel, whose interrupts reach every process of its group."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest
from kernels import Kernel, Run, started, until

from zhipu_magic.practice import PracticeServer, Raw, chunk, sse

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

SLOW = Raw((sse(chunk("done")), 0.2, sse(chunk("", finish_reason="stop"))))
SETUP = """
import os, time
import dask.dataframe as dd, pandas as pd
from distributed import Client, LocalCluster
%load_ext zhipu_magic

def begin():
    global cluster, client
    cluster = LocalCluster(n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address="127.0.0.1:0")
    client = Client(cluster)

def table(name, partitions):
    return dd.from_pandas(pd.DataFrame({"text": [f"{name} {n}" for n in range(60)]}), npartitions=partitions)
"""
ASKED = "%%glm --each reviews --in-flight 5 -o labelled\n{{ text }}"
#: By its address, a cluster is not known as one whose workers this process has started.
BY_ADDRESS = "client.close()\nclient = Client(cluster.scheduler_address)"
WORKERS = "sorted(client.run(os.getpid).values())"


@pytest.fixture(scope="module")
def one_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with started(tmp_path_factory.mktemp("kernel"), SETUP, Kernel) as kernel:
        yield kernel


@pytest.fixture
def kernel(one_kernel: Kernel, server: PracticeServer) -> Iterator[Kernel]:
    """A kernel with a cluster, and a conversation that has not begun."""
    one_kernel.set(ZHIPUAI_BASE_URL=server.base_url, ZHIPUAI_API_KEY=server.api_key)
    assert one_kernel.run("%glm reset\nbegin()").reply["status"] == "ok"
    yield one_kernel
    one_kernel.run("client.close()\ncluster.close()")


def value(kernel: Kernel, expression: str) -> str:
    return kernel.run(f"print({expression})").printed.strip()


def stopped_in_mid_map(kernel: Kernel, server: PracticeServer) -> Run:
    server.enqueue(*[SLOW] * 60)
    request = kernel.send(ASKED)
    until(lambda: len(server.requests) > 10)
    kernel.interrupt()
    cell = kernel.finish(request)
    assert "without an answer" in str(cell.traceback)
    assert "it asks only those" in str(cell.traceback)
    return cell


def test_an_interrupt_ends_the_cell_and_none_of_the_workers(kernel: Kernel, server: PracticeServer) -> None:
    kernel.run("reviews = table('first', 6)")
    workers = value(kernel, WORKERS)
    cell = stopped_in_mid_map(kernel, server)
    assert "first 0" in json.dumps(cell.outputs)
    assert value(kernel, WORKERS) == workers
    assert 0 < int(value(kernel, "labelled.compute()['answer'].notna().sum()")) < 60
    assert kernel.run(ASKED).reply["status"] == "ok"
    assert value(kernel, "labelled.compute()['answer'].notna().all()") == "True"
    assert len(server.requests) == 60


def test_a_cell_ends_though_all_workers_have(kernel: Kernel, server: PracticeServer) -> None:
    kernel.run(f"reviews = table('second', 6)\n{BY_ADDRESS}")
    stopped_in_mid_map(kernel, server)
    assert "DataFrame" in value(kernel, "type(labelled)")
    kernel.run("while client.nthreads():\n    time.sleep(0.05)")
    request = kernel.send(ASKED)
    kernel.watch_for(request, "Dask, which has no worker")
    kernel.interrupt()
    cell = kernel.finish(request)
    assert cell.kinds[-1] == "error"
    assert "no worker" not in json.dumps(cell.outputs)
    kernel.run("client.close()\ncluster.close()\nbegin()")
    assert kernel.run(ASKED).reply["status"] == "ok"
    assert value(kernel, "labelled.compute()['answer'].notna().all()") == "True"
    assert len(server.requests) == 60


def test_a_map_without_workers_says_so_and_goes_on_with_others(kernel: Kernel, server: PracticeServer) -> None:
    kernel.run(f"reviews = table('third', 60)\n{BY_ADDRESS}")
    server.enqueue(*[SLOW] * 60)
    request = kernel.send("%%glm --each reviews --in-flight 5 --bg -o labelled\n{{ text }}")
    until(lambda: len(server.requests) > 5)
    kernel.finish(request)
    kernel.interrupt()
    kernel.watch_for(request, "waiting for Dask's workers")
    assert kernel.run("%glm stop\nbegin()").reply["status"] == "ok"
    assert kernel.run(ASKED).reply["status"] == "ok"
    assert len(server.requests) == 60
