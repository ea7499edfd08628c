// Cells whose turns no longer follow those that they were asked after: a mark at each, and a button that runs them.

import { run as runCells } from './cells.js';
import { guarded } from './console.js';
import { element } from './elements.js';
import { connected } from './following.js';
import { staleCells } from './page-cells.js';

/**
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {{ count: () => number, run: () => unknown, end: () => void }} Shown
 */

const STALE = 'zhipu-magic-stale';
/** The command that runs the stale cells of the current notebook. */
export const RUN = 'zhipu-magic:run-stale';
/** Milliseconds in which the kernel tells what a cell that has run has changed. */
const LATEST = 1000;

export const css = `
.${STALE} { position: absolute; top: 0; bottom: 0; left: 0; width: 5px; z-index: 1; }
.${STALE}::before { content: ''; position: absolute; inset: 6px 1px 6px 2px;
  background: repeating-linear-gradient(var(--jp-warn-color0) 0 5px, transparent 5px 8px); }
.${STALE} > span { position: absolute; top: 32px; transform: translateX(-100%); padding: 0 3px; line-height: 1.4;
  left: calc(var(--jp-cell-padding) + var(--jp-cell-collapser-width) + var(--jp-cell-prompt-width) - 6px);
  border: 1px solid var(--jp-warn-color0); border-radius: 3px; background: var(--jp-layout-color0);
  color: var(--jp-ui-font-color1); font: var(--jp-ui-font-size0) var(--jp-ui-font-family); white-space: nowrap; }
.jp-Cell:has(> .${STALE}) { position: relative; }
.${STALE}-run { font: inherit; font-size: var(--jp-ui-font-size1); color: var(--jp-ui-font-color1); background: none;
  border: none; padding: 0 6px; height: 24px; white-space: nowrap; cursor: pointer; border-radius: 2px; }
.${STALE}-run:hover:enabled { background: var(--jp-layout-color2); }
.${STALE}-run:disabled { opacity: .6; cursor: default; }
/* There the prompt stands above the cell. */
@media (max-width: 760px) { .${STALE} > span { top: 8px; left: 88px; transform: none; } }
@media print { .${STALE} { display: none; } }
`;

/**
 * Mark the stale cells of this view, and show the button where there are any to run.
 * @param {import('./common.js').Common} common
 * @param {NotebookPanel} panel
 * @returns {Shown}
 */
export function showStale(common, panel) {
  const { trans } = common;
  const link = common.link(panel);
  const { Widget } = common.packages['@lumino/widgets'];
  const title = trans.__('Runs the cells whose earlier turns have changed, in the order of the page');
  const button = element('button', { class: `${STALE}-run`, title });
  const widget = new Widget({ node: button });
  /** Gives the cells to run, in the order of the page. */
  const stale = () => {
    const cells = panel.content.widgets.filter((cell) => cell.model); // one that is gone has none
    const found = staleCells(link.state, new Map(cells.map(({ model }) => [model.id, model.sharedModel.getSource()])));
    cells.forEach((cell) => mark(cell.node, found.has(cell.model.id), trans));
    return cells.filter((cell) => found.get(cell.model.id));
  };
  let count = 0;
  const show = guarded('page', () => {
    const before = count;
    count = panel.isDisposed ? 0 : stale().length;
    if (count && !widget.parent && !panel.toolbar.insertBefore('spacer', STALE, widget)) {
      panel.toolbar.addItem(STALE, widget);
    }
    widget.setHidden(!count);
    button.textContent = trans.__('Run stale cells (%1)', count);
    if (Boolean(before) !== Boolean(count)) {
      common.app.commands.notifyCommandChanged(RUN);
    }
  });
  const runStale = async () => {
    button.disabled = true;
    try {
      await runAll(common, panel, stale);
    } finally {
      button.disabled = false;
    }
  };
  const run = guarded('page', runStale);
  button.addEventListener('click', run);
  const ends = [connected('page', link.changed, show), connected('page', panel.context.model.cells.changed, show)];
  show();
  const end = () => {
    ends.forEach((one) => one());
    panel.node.querySelectorAll(`.${STALE}`).forEach((one) => one.remove());
    widget.dispose();
  };
  return { count: () => count, run, end };
}

/** @type {(cell: HTMLElement, stale: boolean, trans: import('@jupyterlab/translation').TranslationBundle) => void} */
function mark(cell, stale, trans) {
  const shown = cell.querySelector(`:scope > .${STALE}`);
  if (!stale) {
    shown?.remove();
  } else if (!shown) {
    const title = trans.__('The turns above this cell have changed since it asked');
    const word = element('span', {}, [trans.__('stale')]);
    cell.append(element('div', { class: STALE, title, role: 'img', 'aria-label': title }, [word]));
  }
}

/**
 * Run stale cells one after the other, and those that become stale by that, until none is left or one fails.
 * @param {import('./common.js').Common} common
 * @param {NotebookPanel} panel
 * @param {() => import('@jupyterlab/cells').Cell[]} stale
 */
async function runAll(common, panel, stale) {
  const link = common.link(panel);
  const ran = new Set();
  for (let next; (next = stale().find((cell) => !ran.has(cell))); ) {
    ran.add(next);
    const { state } = link;
    if (!(await runCells(common, panel, [next])) || panel.isDisposed) {
      return;
    }
    for (let waited = 0; link.state === state && waited < LATEST; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
