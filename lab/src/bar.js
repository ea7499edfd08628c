// The bar at a reply: what can be done with it, seen when the cell is pointed at or has the focus.

import { askingLine } from './cell-head.js';
import { actions } from './bar-actions.js';
import { dress, undress } from './bar-code.js';
import { parsersOf, pythonIn } from './bar-python.js';
import { goesOn, replyIn, turnOf } from './bar-reply.js';
import { Running } from './bar-running.js';
import { STYLE } from './bar-style.js';
import { Bar } from './bar-view.js';
import { complain, guarded } from './console.js';
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
  packages: ['@jupyterlab/codemirror', '@jupyterlab/ui-components'],
  services: (packages) => [packages['@jupyterlab/codemirror'].IEditorLanguageRegistry],
  /**
   * @param {Common} common
   * @param {import('@jupyterlab/codemirror').IEditorLanguageRegistry | null} languages
   */
  start(common, languages) {
    const removeStyle = addStyle(STYLE);
    const said = element('div', { class: 'zhipu-magic-said', role: 'status' });
    document.body.append(said);
    /** @type {Given} */
    const given = {
      say: (text) => void (said.textContent = text),
      parsers: parsersOf(languages).catch((error) => (complain(NAME, error), null)),
      running: new WeakMap(),
    };
    const end = eachPanel(NAME, common.tracker, (panel) => {
      const bars = new Bars(common, panel, given);
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
   * @param {Given} given
   */
  constructor(common, panel, given) {
    this._common = common;
    this._panel = panel;
    this._given = given;
    this._link = common.link(panel);
    /** @type {Map<Cell, Bar>} */
    this._bars = new Map();
    /** @type {WeakMap<Cell, { text: string, code: string }>} The Python of replies. */
    this._python = new WeakMap();
    /** @type {import('./bar-python.js').Parsers | null} */
    this._parsers = null;
    this._running = new Running();
    /** @type {Set<Cell>} Those whose reply was under way when they were last looked at. */
    this._lively = new Set();
    /** @type {Set<string>} Those that were told to stop, which the kernel hears once it is idle. */
    this._stopping = new Set();
    /** @type {Element | null} */
    this._pointed = null;
    /** @type {(() => void)[]} */
    this._ends = [];
  }

  start() {
    const { content, sessionContext } = this._panel;
    const { NotebookActions } = this._common.packages['@jupyterlab/notebook'];
    const update = guarded(NAME, () => this._update());
    const follow = guarded(NAME, () => this._follow());
    const point = guarded(NAME, this._point.bind(this));
    content.node.addEventListener('mouseover', point);
    this._ends = [
      () => content.node.removeEventListener('mouseover', point),
      () => this._unfollow(),
      connected(NAME, content.activeCellChanged, update),
      connected(NAME, sessionContext.statusChanged, update),
      connected(NAME, sessionContext.kernelChanged, follow),
      connected(NAME, this._link.changed, update),
      connected(NAME, NotebookActions.executed, update), // by then, its outputs are there
    ];
    follow();
    void this._given.parsers.then((parsers) => {
      this._parsers = parsers;
      this._ends.length && update();
    });
  }

  stop() {
    this._ends.splice(0).forEach((end) => end());
    this._bars.forEach((shown, cell) => this._remove(shown, cell));
  }

  /** Listen to the kernel that the notebook has now. */
  _follow() {
    this._unfollow();
    const kernel = this._panel.sessionContext.session?.kernel;
    this._running = (kernel && this._given.running.get(kernel)) ?? new Running();
    if (kernel) {
      this._given.running.set(kernel, this._running);
      this._unfollow = connected(NAME, kernel.anyMessage, (what) => this._running.hear(what) && this._update());
    }
    this._update();
  }

  _unfollow() {}

  /** @param {Event} event */
  _point({ target }) {
    const node = target instanceof Element ? target.closest('.jp-CodeCell') : null;
    if (node !== this._pointed) {
      this._pointed = node;
      this._update();
    }
  }

  /** The cells that can be seen to have a bar: the one pointed at, the active one and those that run. */
  _update() {
    const { content, sessionContext } = this._panel;
    if (/restarting|dead/.test(sessionContext.session?.kernel?.status ?? 'dead')) {
      this._running.clear();
    }
    const jobs = this._link.state?.jobs ?? [];
    this._stopping.forEach((id) => jobs.includes(id) || this._stopping.delete(id));
    const going = new Set([...this._running.all, ...jobs]);
    const pointed = this._pointed && content.widgets.find(({ node }) => node === this._pointed);
    const cells = going.size ? content.widgets.filter(({ model }) => going.has(model?.id)) : [];
    new Set([pointed, content.activeCell, ...this._lively, ...cells]).forEach((cell) => cell && this._show(cell));
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
    this._lively[facts.rests ? 'delete' : 'add'](cell);
    const { kernel, runs, isJob, reply } = facts;
    const { say } = this._given;
    shown.show(actions(this._common, this._panel, facts, shown, say), (runs || isJob) && kernel !== null);
    if (!runs && !reply.grows) {
      dress(this._common, cell.node, say);
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
    const goes = this._running.all.has(id);
    const asks = askingLine(sharedModel.getSource()) !== null;
    if (!reply.asked && !(asks && outputs.length) && !(goes && (asks || COMMAND.test(sharedModel.getSource())))) {
      return null;
    }
    const kernel = this._panel.sessionContext.session?.kernel ?? null;
    const { state } = this._link;
    const turn = turnOf(state, id);
    const isJob = state?.jobs.includes(id) ?? false;
    return {
      cell, reply, kernel, state, turn, asks, isJob,
      runs: this._running.cell === id,
      // while another page has a cell run, what grows may be that one's
      rests: !goes && !isJob && !(reply.grows && kernel?.status === 'busy'),
      idle: kernel?.status === 'idle',
      python: reply.grows ? '' : this._pythonIn(cell, reply.text),
      goesOn: goesOn(state, turn),
      isStopping: this._stopping.has(id),
      /** Stop the job that the cell has begun, and no other. */
      stopJob: () => {
        this._link.send({ type: 'stop', cell: id }) && this._stopping.add(id);
        this._show(cell);
      },
    };
  }

  /**
   * @param {Cell} cell
   * @param {string} text
   */
  _pythonIn(cell, text) {
    const known = this._python.get(cell);
    if (!this._parsers || known?.text === text) {
      return known?.code ?? '';
    }
    const code = pythonIn(text, this._parsers);
    this._python.set(cell, { text, code });
    return code;
  }

  /** @param {Cell} cell */
  _add(cell) {
    const { packages, trans } = this._common;
    const made = new Bar(trans.__('The reply'), () => {
      void packages['@jupyterlab/notebook'].NotebookActions.focusActiveCell(this._panel.content);
    });
    this._bars.set(cell, made);
    cell.disposed.connect(() => this._remove(made, cell));
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
    this._lively.delete(cell);
  }
}

/**
 * @typedef {NonNullable<ReturnType<Bars['_facts']>>} Facts
 * @typedef {{
 *   say: (text: string) => void,
 *   parsers: Promise<import('./bar-python.js').Parsers | null>,
 *   running: WeakMap<object, Running>,
 * }} Given `say` tells a screen reader; `running` is by kernel.
 */
