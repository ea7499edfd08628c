// Cells whose turns no longer follow those that they were asked after: a mark at each, and a button that runs them.

import { complain, guarded } from './console.js';
import { toRun } from './page-cells.js';

/**
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {import('./page-link.js').Link} Link
 */

const STALE = 'zhipu-magic-stale';
/** Milliseconds in which the kernel tells what a cell that has run has changed. */
const LATEST = 1000;

export const css = `
.${STALE} { position: absolute; top: 0; bottom: 0; left: 0; width: 10px; z-index: 1; }
.${STALE}::before { content: ''; position: absolute; inset: 6px 6px 6px 2px; border-radius: 1px;
  background: repeating-linear-gradient(var(--jp-warn-color0) 0 5px, transparent 5px 8px); }
.jp-Cell:has(> .${STALE}) { position: relative; }
.${STALE}-run { font: inherit; font-size: var(--jp-ui-font-size1); color: var(--jp-ui-font-color1); background: none;
  border: none; padding: 0 6px; height: 24px; white-space: nowrap; cursor: pointer; border-radius: var(--jp-border-radius); }
.${STALE}-run:hover:enabled { background: var(--jp-layout-color2); }
.${STALE}-run:disabled { opacity: .6; cursor: default; }
@media print { .${STALE} { display: none; } }
`;

/**
 * Mark the stale cells of this view, and show the button where there are any.
 * @param {import('./common.js').Common} common
 * @param {NotebookPanel} panel
 * @returns {() => void} Ends it.
 */
export function showStale(common, panel) {
  const link = common.link(panel);
  const button = new StaleButton(common, panel, link);
  const show = guarded('page', () => {
    const stale = new Set(link.state?.turns.flatMap((turn) => (turn.stale ? [turn.cell] : [])));
    for (const cell of panel.isDisposed ? [] : panel.content.widgets) {
      mark(cell.node, stale.has(cell.model?.id ?? ''), common.trans);
    }
    button.show(stale.size > 0);
  });
  const { cells } = panel.context.model;
  link.changed.connect(show);
  cells.changed.connect(show);
  show();
  return () => {
    link.changed.disconnect(show);
    cells.changed.disconnect(show);
    panel.node.querySelectorAll(`.${STALE}`).forEach((one) => one.remove());
    button.dispose();
  };
}

/** @type {(cell: HTMLElement, stale: boolean, trans: import('@jupyterlab/translation').TranslationBundle) => void} */
function mark(cell, stale, trans) {
  const shown = cell.querySelector(`:scope > .${STALE}`);
  if (!stale) {
    shown?.remove();
  } else if (!shown) {
    const text = trans.__('The turns above this cell have changed since it asked');
    const node = document.createElement('div');
    node.className = STALE;
    node.title = text;
    node.setAttribute('role', 'img');
    node.setAttribute('aria-label', text);
    cell.append(node);
  }
}

class StaleButton {
  /**
   * @param {import('./common.js').Common} common
   * @param {NotebookPanel} panel
   * @param {Link} link
   */
  constructor(common, panel, link) {
    const { Widget } = common.packages['@lumino/widgets'];
    this._common = common;
    this._panel = panel;
    this._link = link;
    this._node = document.createElement('button');
    this._node.className = `${STALE}-run`;
    this._node.title = common.trans.__('Runs the cells whose earlier turns have changed, in the order of the page');
    this._node.addEventListener('click', () => void this._run());
    this._widget = new Widget({ node: this._node });
    this._widget.hide();
    const { toolbar } = panel;
    if (!toolbar.insertBefore('spacer', 'zhipu-magic-stale', this._widget)) {
      toolbar.addItem('zhipu-magic-stale', this._widget);
    }
  }

  dispose() {
    this._widget.dispose();
  }

  /** Show how many cells it would run, if any. @param {boolean} any */
  show(any) {
    const count = any ? this._cells().length : 0;
    this._widget.setHidden(count === 0);
    this._node.textContent = this._common.trans.__('Run stale cells (%1)', count);
  }

  /** The cells to run, in the order of the page. */
  _cells() {
    const { widgets } = this._panel.content;
    const sources = new Map(widgets.map((one) => [one.model.id, one.model.sharedModel]));
    const ids = toRun(this._link.state, (cell) => sources.get(cell)?.getSource());
    return widgets.filter((one) => ids.has(one.model.id));
  }

  /** Run them one after the other, and those that become stale by that, until none is left or one fails. */
  async _run() {
    const { NotebookActions } = this._common.packages['@jupyterlab/notebook'];
    const { content, sessionContext } = this._panel;
    /** @type {Set<string>} */
    const ran = new Set();
    this._node.disabled = true;
    try {
      for (;;) {
        const next = this._cells().find((one) => !ran.has(one.model.id));
        if (!next) {
          return;
        }
        ran.add(next.model.id);
        const state = this._link.state;
        if (!(await NotebookActions.runCells(content, [next], sessionContext)) || this._panel.isDisposed) {
          return;
        }
        await this._isTold(state);
      }
    } catch (error) {
      complain('page', error);
    } finally {
      this._node.disabled = false;
    }
  }

  /** Wait until the kernel has told another state than this. @param {Link['state']} state @returns {Promise<void>} */
  async _isTold(state) {
    const since = Date.now();
    while (this._link.state === state && Date.now() - since < LATEST) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
