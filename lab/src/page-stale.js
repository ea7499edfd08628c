// Cells whose turns no longer follow those that they were asked after: a mark at each, and a button that runs them.

import { run } from './cells.js';
import { guarded } from './console.js';
import { element } from './elements.js';
import { connected } from './following.js';
import { staleCells } from './page-cells.js';

/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */

const STALE = 'zhipu-magic-stale';
/** Milliseconds in which the kernel tells what a cell that has run has changed. */
const LATEST = 1000;

export const css = `
.${STALE} { position: absolute; top: 0; bottom: 0; left: 0; width: 5px; z-index: 1; }
.${STALE}::before { content: ''; position: absolute; inset: 6px 1px 6px 2px;
  background: repeating-linear-gradient(var(--jp-warn-color0) 0 5px, transparent 5px 8px); }
.jp-Cell:has(> .${STALE}) { position: relative; }
.${STALE}-run { font: inherit; font-size: var(--jp-ui-font-size1); color: var(--jp-ui-font-color1); background: none;
  border: none; padding: 0 6px; height: 24px; white-space: nowrap; cursor: pointer; border-radius: 2px; }
.${STALE}-run:hover:enabled { background: var(--jp-layout-color2); }
.${STALE}-run:disabled { opacity: .6; cursor: default; }
@media print { .${STALE} { display: none; } }
`;

/**
 * Mark the stale cells of this view, and show the button where there are any to run.
 * @param {import('./common.js').Common} common
 * @param {NotebookPanel} panel
 * @returns {() => void} Ends it.
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
  const show = guarded('page', () => {
    const count = panel.isDisposed ? 0 : stale().length;
    if (count && !widget.parent && !panel.toolbar.insertBefore('spacer', STALE, widget)) {
      panel.toolbar.addItem(STALE, widget);
    }
    widget.setHidden(!count);
    button.textContent = trans.__('Run stale cells (%1)', count);
  });
  const runStale = async () => {
    button.disabled = true;
    try {
      await runAll(common, panel, stale);
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener('click', guarded('page', runStale));
  const ends = [connected('page', link.changed, show), connected('page', panel.context.model.cells.changed, show)];
  show();
  return () => {
    ends.forEach((end) => end());
    panel.node.querySelectorAll(`.${STALE}`).forEach((one) => one.remove());
    widget.dispose();
  };
}

/** @type {(cell: HTMLElement, stale: boolean, trans: import('@jupyterlab/translation').TranslationBundle) => void} */
function mark(cell, stale, trans) {
  const shown = cell.querySelector(`:scope > .${STALE}`);
  if (!stale) {
    shown?.remove();
  } else if (!shown) {
    const title = trans.__('The turns above this cell have changed since it asked');
    cell.append(element('div', { class: STALE, title, role: 'img', 'aria-label': title }));
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
    if (!(await run(common, panel, [next])) || panel.isDisposed) {
      return;
    }
    for (let waited = 0; link.state === state && waited < LATEST; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
