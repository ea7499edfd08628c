// Going to a cell: it is scrolled to, and has the focus.

/**
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {import('@jupyterlab/cells').Cell} Cell
 * @typedef {NotebookPanel['content']} Content
 */

/** How often a cell is scrolled to: the heights of cells that were not seen yet are only guessed. */
const TRIES = 10;
/** Milliseconds between two of them, and for how long the page may still move the focus. */
const STEP = 50;
const SETTLED = 1000;
/** What may take the focus from a cell while the page settles. */
const ABOVE = '.jp-Dialog, .lm-Menu, .jp-ModalCommandPalette:not(.lm-mod-hidden)';

/**
 * Go to a cell, as the only one that is chosen.
 * @param {NotebookPanel} panel
 * @param {Cell | undefined} cell
 * @param {boolean} [edit] Whether to write in it, at its end.
 * @param {Promise<unknown>} [settled] What may move the focus until it is done.
 */
export function enter({ content }, cell, edit = false, settled = Promise.resolve()) {
  const at = cell ? content.widgets.indexOf(cell) : -1;
  if (!cell || at < 0) {
    return;
  }
  content.deselectAll();
  content.activeCellIndex = at;
  content.mode = edit ? 'edit' : 'command';
  if (edit) {
    const toEnd = () => {
      const end = cell.editor?.getPositionAt(cell.model.sharedModel.getSource().length);
      end && cell.editor?.setCursorPosition(end);
    };
    const isMade = cell.editor !== null;
    toEnd();
    const look = keepWriting(content, cell, settled);
    void cell.ready.then(() => {
      isMade || toEnd(); // an editor is made when its cell is seen
      look();
    });
  }
  const focus = () => {
    if (!edit && content.activeCell === cell) {
      cell.node.focus({ preventScroll: true });
    }
  };
  void cell.ready.then(focus);
  const before = document.activeElement;
  void bringIntoView(content, cell).then(() => {
    const now = document.activeElement;
    // a cell that is scrolled to may have been taken out of the page meanwhile, and its focus with it
    if (now === before || now === document.body || now === content.node) {
      focus();
    }
  });
}

/**
 * @param {Content} content
 * @param {Cell} cell
 */
async function bringIntoView(content, cell) {
  for (let tries = 0; tries < TRIES && content.activeCell === cell && !isSeen(content, cell); tries += 1) {
    const fits = cell.node.offsetHeight < content.outerNode.clientHeight / 2;
    const scrolled = content.scrollToItem(content.widgets.indexOf(cell), fits ? 'auto' : 'start');
    await scrolled.catch(() => {}); // the page wanted another cell meanwhile
    await pause();
  }
}

/**
 * Whether a cell is in view, at least its beginning.
 * @param {Content} content
 * @param {Cell} cell
 */
function isSeen({ outerNode }, { node }) {
  const [page, { top, height }] = [outerNode.getBoundingClientRect(), node.getBoundingClientRect()];
  const needed = Math.min(height, page.height / 2);
  return height > 0 && top >= page.top - 1 && top + needed <= page.bottom + 1;
}

/**
 * Have what is typed go into a cell while the page still moves the focus, until the user does something else: a key
 * beside the cell would be a command. Returns what looks at once.
 * @param {Content} content
 * @param {Cell} cell
 * @param {Promise<unknown>} settled
 */
function keepWriting(content, cell, settled) {
  const ending = new AbortController();
  const { signal } = ending;
  const end = () => ending.abort();
  const look = () => {
    if (cell.isDisposed || content.activeCell !== cell) {
      end();
    } else if (content.isVisible && cell.editor?.hasFocus() === false && !document.activeElement?.closest(ABOVE)) {
      content.mode = 'edit';
      cell.editor.focus();
    }
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (/^(Escape|Tab|F\d+)$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) {
      end();
    }
  };
  const lookOn = () => {
    look();
    signal.aborted || requestAnimationFrame(lookOn); // before what is new can be seen
  };
  requestAnimationFrame(lookOn);
  document.addEventListener('focusin', look, { signal });
  document.addEventListener('pointerdown', end, { signal, capture: true });
  document.addEventListener('keydown', key, { signal, capture: true });
  void settled.catch(() => {}).then(() => setTimeout(end, SETTLED));
  return () => signal.aborted || look();
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, STEP));
}
