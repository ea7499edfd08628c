// The bar at a reply: what can be done with it, seen when the cell is pointed at or has the focus.

import { askingLine } from './cell-head.js';
import { actions } from './bar-actions.js';
import { dress, undress } from './bar-code.js';
import { goesOn, pythonIn, replyIn, turnOf } from './bar-reply.js';
import { STYLE } from './bar-style.js';
import { Bar } from './bar-view.js';
import { guarded } from './console.js';
import { addStyle, element } from './elements.js';
import { connected, eachPanel } from './following.js';

/**
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {import('@jupyterlab/cells').Cell} Cell
 * @typedef {import('@jupyterlab/cells').CodeCell} CodeCell
 * @typedef {import('./common.js').Common} Common
 */

const NAME = 'bar';
/** Commands whose reply can be stopped. */
const COMMAND = /^\s*[%％]glm[ \t]+(?:continue|retry|fix)\b/m;

/** @type {import('./parts.js').Part} */
export const bar = {
  name: NAME,
  description: 'Buttons at each reply.',
  packages: ['@jupyterlab/ui-components'],
  start(common) {
    const removeStyle = addStyle(STYLE);
    const said = element('div', { class: 'zhipu-magic-said', role: 'status' });
    document.body.append(said);
    const end = eachPanel(NAME, common.tracker, (panel) => {
      const bars = new Bars(common, panel, (text) => void (said.textContent = text));
      bars.start();
      return () => bars.stop();
    });
    return () => {
      end();
      removeStyle();
      said.remove();
    };
  },
};

/** The bars of one view of a notebook, made for the cells that are pointed at, chosen or run. */
class Bars {
  /**
   * @param {Common} common
   * @param {NotebookPanel} panel
   * @param {(text: string) => void} say Tells a screen reader.
   */
  constructor(common, panel, say) {
    this._common = common;
    this._panel = panel;
    this._say = say;
    this._link = common.link(panel);
    /** @type {Map<Cell, Bar>} */
    this._bars = new Map();
    /** @type {Set<Cell>} Those that run or wait to, in the order in which they do. */
    this._queue = new Set();
    /** @type {Element | null} */
    this._pointed = null;
    /** @type {(() => void)[]} */
    this._ends = [];
  }

  start() {
    const { content, sessionContext } = this._panel;
    const { NotebookActions } = this._common.packages['@jupyterlab/notebook'];
    const update = () => this._update();
    const point = guarded(NAME, this._point.bind(this));
    content.node.addEventListener('mouseover', point);
    this._ends = [
      () => content.node.removeEventListener('mouseover', point),
      connected(NAME, content.activeCellChanged, update),
      connected(NAME, sessionContext.statusChanged, update),
      connected(NAME, sessionContext.kernelChanged, update),
      connected(NAME, this._link.changed, update),
      connected(NAME, NotebookActions.executionScheduled, (what) => this._begin(what)),
      connected(NAME, NotebookActions.executed, (what) => this._end(what)),
    ];
    this._update();
  }

  stop() {
    this._ends.splice(0).forEach((end) => end());
    this._bars.forEach((shown, cell) => this._remove(shown, cell));
  }

  /** @param {Event} event */
  _point({ target }) {
    const node = target instanceof Element ? target.closest('.jp-CodeCell') : null;
    if (node !== this._pointed) {
      this._pointed = node;
      this._update();
    }
  }

  /** @param {{ notebook: unknown, cell: Cell }} what */
  _begin({ notebook, cell }) {
    if (notebook === this._panel.content) {
      this._queue.add(cell);
      this._show(cell);
    }
  }

  /** @param {{ notebook: unknown, cell: Cell }} what */
  _end({ notebook, cell }) {
    if (this._queue.delete(cell) && notebook === this._panel.content) {
      this._show(cell);
      this._update();
    }
  }

  /** The cells that can be seen to have a bar: the one pointed at, the active one and the one that runs. */
  _update() {
    const { content, sessionContext } = this._panel;
    if (/restarting|dead/.test(sessionContext.session?.kernel?.status ?? 'dead')) {
      this._queue.clear();
    }
    const pointed = this._pointed && content.widgets.find(({ node }) => node === this._pointed);
    const cells = new Set([pointed, content.activeCell, ...this._queue]);
    cells.forEach((cell) => cell && this._show(cell));
  }

  /** @param {Cell} cell */
  _show(cell) {
    const facts = this._facts(cell);
    const known = this._bars.get(cell);
    if (!facts) {
      known && this._remove(known, cell);
      return;
    }
    const shown = known ?? this._add(cell);
    if (!shown.node.parentElement) {
      cell.node.querySelector('.jp-Cell-outputWrapper')?.append(shown.node); // a cell is built when it is seen
    }
    const { kernel, runs, reply } = facts;
    shown.show(actions(this._common, this._panel, facts, shown, this._say), runs && kernel !== null);
    if (!runs && !reply.grows) {
      dress(this._common, cell.node, this._say);
    }
  }

  /**
   * What there is to know of a cell that asked; null of another.
   * @param {Cell} cell
   */
  _facts(cell) {
    if (cell.isDisposed || cell.model?.type !== 'code' || cell.model.isDisposed) {
      return null;
    }
    const { outputs, id, sharedModel } = /** @type {CodeCell} */ (cell).model;
    const reply = replyIn(Array.from({ length: outputs.length }, (_, at) => outputs.get(at)));
    const waits = this._queue.has(cell);
    const asks = askingLine(sharedModel.getSource()) !== null;
    if (!reply.asked && !(asks && outputs.length) && !(waits && (asks || COMMAND.test(sharedModel.getSource())))) {
      return null;
    }
    const kernel = this._panel.sessionContext.session?.kernel ?? null;
    const { state } = this._link;
    const turn = turnOf(state, id);
    return {
      cell, reply, kernel, state, turn, waits, asks,
      runs: this._runs(cell, reply.grows, kernel?.status),
      idle: kernel?.status === 'idle',
      python: reply.grows ? '' : pythonIn(reply.text),
      goesOn: goesOn(state, turn),
    };
  }

  /**
   * Whether an interrupt would stop this cell: of those in the queue, the first. A page that was loaded while it ran
   * knows no queue.
   * @param {Cell} cell
   * @param {boolean} grows
   * @param {string | undefined} status
   */
  _runs(cell, grows, status) {
    const [first] = this._queue;
    return first ? first === cell : grows && status === 'busy';
  }

  /** @param {Cell} cell */
  _add(cell) {
    const { packages, trans } = this._common;
    const made = new Bar(trans.__('The reply'), () => {
      void packages['@jupyterlab/notebook'].NotebookActions.focusActiveCell(this._panel.content);
    });
    this._bars.set(cell, made);
    cell.disposed.connect(() => {
      this._bars.delete(cell);
      this._queue.delete(cell);
    });
    return made;
  }

  /**
   * @param {Bar} shown
   * @param {Cell} cell
   */
  _remove(shown, cell) {
    shown.node.remove();
    undress(cell.node);
    this._bars.delete(cell);
  }
}

/** @typedef {NonNullable<ReturnType<Bars['_facts']>>} Facts */
