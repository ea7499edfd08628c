"""What the browser tests stand on: both front ends, a Chromium, and a practice server behind them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from front_end import LAB, NOTEBOOK, STEP_TIMEOUT, FrontEnd, OpenNotebook, free_port
from trap import Trap

from zhipu_magic.practice import PracticeServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

#: Chunks a second: a reply of 200 letters takes about a second, so that it can be looked at while it grows.
PACE = 60.0
#: The kernels' key to the practice server of whichever test is running.
KEY = "browser.test"

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


#: The tests of both front ends that Notebook 7 runs each time; the others it runs in `make test-front-ends`.
_IN_NOTEBOOK = frozenset(
    {
        "test_a_page_of_attacks_runs_nothing_and_fetches_nothing",
        "test_a_reply_streams_beside_a_live_panel_and_settles",
        "test_alt_g_adds_a_cell_that_asks_and_is_written_in",
        "test_an_inserted_cell_is_told_what_stands_above_it_and_stale_cells_are_run",
        "test_it_looks_like_prose",
        "test_it_shows_the_conversation_and_goes_to_its_cells",
        "test_stop_ends_a_reply_at_once_and_what_was_cut_goes_on",
        "test_the_panel_and_its_notes_are_seen_below_a_long_reply",
        "test_what_is_typed_is_what_is_sent",
    }
)
#: Those that wait for seconds on end, and those that vary what another test here has proved. They run there too.
_AT_LENGTH = frozenset(
    {
        "test_a_cell_deleted_before_the_restart_is_set_aside_when_resumed",
        "test_a_cell_that_is_cut_and_pasted_keeps_its_turn_when_it_fails",
        "test_a_cell_that_is_no_code_any_more_has_no_turn_until_it_is_code_again[jupyterlab-r-0]",
        "test_a_cell_whose_deletion_is_undone_at_once_keeps_its_turn",
        "test_a_chinese_reply_looks_as_it_was_meant[Dark]",
        "test_a_deletion_that_is_undone_brings_the_turn_back_at_once",
        "test_a_failure_stands_in_its_place",
        "test_a_fork_above_cells_that_ask_stands_below_them",
        "test_a_load_cell_that_is_there_is_run",
        "test_a_moved_cell_replaces_its_turn_and_a_copied_one_adds_its_own",
        "test_a_page_of_attacks_runs_nothing_and_fetches_nothing[notebook-not-trusted]",
        "test_a_page_reloaded_while_it_runs_loses_no_answer",
        "test_a_page_run_again_from_its_journal_is_the_same",
        "test_a_page_that_is_loaded_again_has_its_marks_again",
        "test_a_page_without_a_package_has_the_parts_that_do_not_need_it",
        "test_a_panel_kept_live_has_its_fallbacks_beside_it",
        "test_a_part_that_does_not_start_or_load_is_alone[bar-0]",
        "test_a_part_that_does_not_start_or_load_is_alone[prose-0]",
        "test_a_part_that_does_not_start_or_load_is_alone[side-0]",
        "test_a_picture_takes_the_place_of_the_line_that_waits_for_it",
        "test_a_preview_sends_nothing_and_a_batch_is_collected",
        "test_a_replay_shows_what_the_page_showed_last",
        "test_a_reply_in_the_background_keeps_what_is_open",
        "test_a_saved_dashboard_shows_its_last_figures_without_its_kernel",
        "test_a_service_whose_models_are_attacks_gets_nothing_in",
        "test_a_turn_set_aside_is_restored_by_hand",
        "test_all_that_is_met_from_the_demo_on_is_in_the_readers_language",
        "test_cells_of_another_language_are_no_prose",
        "test_cells_of_another_language_have_no_switch_and_no_such_cell_is_added",
        "test_every_text_of_ours_stands_out_from_its_ground[Dark]",
        "test_code_in_columns_is_as_in_any_reply_and_scrolled_where_it_is_too_wide[jupyterlab-Dark-0]",
        "test_files_are_no_prose",
        "test_headings_of_replies_are_not_in_the_table_of_contents",
        "test_in_prose_nothing_opens_by_itself",
        "test_in_the_background_it_counts_while_another_cell_runs",
        "test_it_is_legible_and_no_wider_than_the_window[dark]",
        "test_it_is_stopped_by_a_command_and_replaced_by_a_rerun",
        "test_it_is_switched_off_and_on_for_open_pages",
        "test_it_looks_like_prose[jupyterlab-dark]",
        "test_it_looks_like_prose[notebook-dark]",
        "test_it_names_the_keys_that_the_user_has_set",
        "test_it_shows_how_a_table_goes_on",
        "test_it_shows_other_threads_and_what_has_become_stale",
        "test_nor_where_hints_come_at_each_key",
        "test_nothing_moves_in_the_panel_for_whoever_wants_no_motion",
        "test_nothing_of_ours_is_wider_than_a_narrow_window",
        "test_nothing_of_the_bar_is_saved_or_selected_or_printed",
        "test_on_a_chinese_page_it_speaks_chinese",
        "test_one_goes_on_in_the_thread_that_is_shown",
        "test_one_that_does_more_is_left_to_the_user",
        "test_only_replies_have_a_bar",
        "test_replies_of_several_models_stand_side_by_side",
        "test_running_stale_cells_stops_at_an_error",
        "test_stop_ends_a_reply_in_the_background_and_no_cell_that_runs_meanwhile",
        "test_switched_off_it_is_jupyters_own_again_also_where_a_reply_grew",
        "test_the_bar_covers_no_words_and_copy_buttons_are_whole[jupyterlab-500-0]",
        "test_the_dashboard_updates_itself_after_a_later_turn",
        "test_the_launcher_opens_a_notebook_that_can_ask_at_once",
        "test_the_model_that_is_set_is_asked[jupyterlab-no-page-0]",
        "test_the_model_that_is_set_is_asked[jupyterlab-none-0]",
        "test_the_python_of_a_reply_stands_in_a_new_cell_that_has_not_run",
        "test_the_settings_have_a_page",
        "test_the_turn_of_a_deleted_cell_comes_back_with_its_cell",
        "test_what_is_opened_selected_and_read_stays[jupyterlab-in-one]",
        "test_what_is_opened_selected_and_read_stays[jupyterlab-no-panel]",
        "test_what_is_typed_into_a_new_notebook_is_never_a_command[0.3]",
        "test_what_is_typed_into_a_new_notebook_is_never_a_command[1.5]",
        "test_while_the_service_is_busy_it_says_when_it_tries_again",
        "test_without_a_kernel_a_reply_is_still_copied_and_its_code_taken",
        "test_without_colours_the_same_is_told",
        "test_without_the_extension_the_reply_settles_too",
        "test_without_the_order_of_the_page_it_shows_the_conversation_too",
        "test_without_the_part_all_is_as_ever",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave some tests out where time matters."""
    if os.environ.get("ZHIPU_MAGIC_TEST_FRONT_ENDS"):
        return
    sources = "".join(path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    if gone := [name for name in _AT_LENGTH | _IN_NOTEBOOK if f"def {name.partition('[')[0]}(" not in sources]:
        raise pytest.UsageError(f"There is no such browser test: {', '.join(gone)}")
    # CI has 20 minutes, and both front ends go through the same code: all of them run in a target of their own.
    later = pytest.mark.skip(reason="takes minutes with all others: make test-front-ends")
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        parameters = getattr(item, "callspec", None)
        in_notebook = parameters is not None and NOTEBOOK in parameters.params.values()
        name = getattr(item, "originalname", item.name)
        if {name, item.name} & _AT_LENGTH or (in_notebook and name not in _IN_NOTEBOOK):
            item.add_marker(later)


def missing() -> str:
    """What the browser tests need and do not find here, and how to get it; empty where all is there."""
    packages = [name for name in ("playwright", LAB, NOTEBOOK) if importlib.util.find_spec(name) is None]
    wanted = [f"{', '.join(packages)} (pip install {' '.join(packages)})"] if packages else []
    if chromium() is None:
        wanted.append("Chromium (apt install chromium, or have google-chrome on the PATH)")
    return " and ".join(wanted)


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, _CHROMIUM)), None)


@pytest.fixture(scope="session")
def needs_a_browser() -> None:
    """Leave the test out where there is no browser; in CI that is a failure, but for forks' macOS and Windows."""
    if reason := missing():
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail(f"The front ends cannot be tested without {reason}.", pytrace=False)
        pytest.skip(f"needs {reason}")


# For a module, not for the session: while Playwright runs, its event loop forbids asyncio.run to all other tests.
@pytest.fixture(scope="module")
def browser(needs_a_browser: None) -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=STEP_TIMEOUT * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """One window for many pages: what a front end is made of is then loaded once."""
    window = browser.new_context()
    window.set_default_timeout(STEP_TIMEOUT * 1000)
    yield window
    window.close()


@pytest.fixture(scope="session")
def service_port() -> int:
    """Where every kernel looks for the service; each test has a practice server of its own there."""
    return free_port()


@pytest.fixture
def server(request: pytest.FixtureRequest, service_port: int) -> Iterator[PracticeServer]:
    with PracticeServer(pace=getattr(request, "param", PACE), api_key=KEY, port=service_port) as running:
        yield running


@pytest.fixture(scope="session")
def servers(
    needs_a_browser: None, service_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], FrontEnd]]:
    """Either front end, started when it is first wanted."""
    service = {"ZHIPUAI_BASE_URL": PracticeServer(port=service_port).base_url, "ZHIPUAI_API_KEY": KEY}
    running: dict[str, FrontEnd] = {}

    def serve(name: str) -> FrontEnd:
        if name not in running:
            front_end = FrontEnd(name, tmp_path_factory.mktemp(name), service)
            front_end.start()
            running[name] = front_end
        return running[name]

    yield serve
    for front_end in running.values():
        front_end.stop()


@pytest.fixture(params=[LAB, NOTEBOOK])
def front_end(request: pytest.FixtureRequest, servers: Callable[[str], FrontEnd]) -> Iterator[FrontEnd]:
    """JupyterLab, and again Notebook 7."""
    front_end = servers(request.param)
    yield front_end
    front_end.shut_kernels_down()


@pytest.fixture
def lab(servers: Callable[[str], FrontEnd]) -> Iterator[FrontEnd]:
    front_end = servers(LAB)
    yield front_end
    front_end.shut_kernels_down()


@pytest.fixture
def complaints(window: BrowserContext) -> Iterator[list[str]]:
    """What our extension says in the console of any page: nothing, but for what the test takes out of the list."""
    said: list[str] = []

    def look(message: ConsoleMessage) -> None:
        if message.text.startswith("zhipu_magic,"):
            said.append(message.text)

    window.on("console", look)
    yield said
    window.remove_listener("console", look)
    assert said == []


@pytest.fixture
def opened(window: BrowserContext, complaints: list[str]) -> Iterator[Callable[..., OpenNotebook]]:
    """Open a notebook in a page of the size given."""

    def open_notebook(front_end: FrontEnd, path: Path, *, width: int = 1100, height: int = 760) -> OpenNotebook:
        page = window.new_page()
        page.set_viewport_size({"width": width, "height": height})
        notebook = OpenNotebook(front_end, page, path)
        notebook.load()
        return notebook

    yield open_notebook
    for page in window.pages:
        page.close()


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Take a picture for a person to look at, into ZHIPU_MAGIC_SCREENSHOTS where that is set."""

    def take(page: Page, name: str) -> Path:
        folder = Path(os.environ.get("ZHIPU_MAGIC_SCREENSHOTS") or tmp_path)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as trap:
        thread = threading.Thread(target=trap.serve_forever)
        thread.start()
        yield trap
        trap.shutdown()
        thread.join()
