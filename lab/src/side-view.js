// The side panel as elements. All that comes from the kernel is set as text.

import { element } from './elements.js';
import { rove } from './roving.js';
import { isResuming } from './side-actions.js';
import { usageIn } from './side-words.js';

/**
 * @typedef {import('./page-cells.js').State} State
 * @typedef {import('./page-cells.js').Turn} Turn
 * @typedef {import('./page-cells.js').Table} Table
 * @typedef {import('@jupyterlab/translation').TranslationBundle} Texts
 */

/**
 * What is done with a cell, with a command that resumes, and with a thread.
 * @typedef {Record<'go' | 'resume' | 'goOn', (what: string) => unknown>} Acts
 */

export class SideView {
  /**
   * @param {Texts} trans
   * @param {() => string} shortcut The keys that add a cell; empty where there are none.
   * @param {Acts} acts
   */
  constructor(trans, shortcut, { go, resume, goOn }) {
    this.trans = trans;
    this._shortcut = shortcut;
    this._empty = element('p');
    this._threads = element('select', { 'aria-label': trans.__('Shown thread') });
    this._goOn = button(trans.__('Go on in this thread'), () => goOn(this._threads.value));
    this._resume = button(trans.__('Resume'), () => resume(this._state?.earlier ?? ''));
    this._turns = element('ol');
    this._tables = element('div');
    this._usage = element('dl');
    this._sections = [
      section(trans.__('Running tables'), this._tables),
      section(trans.__('Shown thread'), this._threads, this._goOn),
      section(trans.__('Usage'), this._usage),
      section(trans.__('Turns'), this._turns),
    ];
    this.node = element('div', { class: 'zhipu-magic-side' }, [this._empty, this._resume, ...this._sections]);
    /** @type {State | null} */
    this._state = null;
    /** @type {Set<string>} */
    this._cells = new Set();
    /** The thread that was chosen to be looked at; empty where that is the current one. */
    this._chosen = '';
    this._threads.addEventListener('change', () => {
      this._chosen = this._threads.value === this._state?.thread ? '' : this._threads.value;
      this._showChosen();
      this._showTurns();
    });
    this._turns.addEventListener('keydown', (event) => rove(this._turns, event));
    this._turns.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest('button') : null;
      button?.dataset['cell'] && this._cells.has(button.dataset['cell']) && go(button.dataset['cell']);
    });
  }

  /**
   * Show a conversation.
   * @param {State | null} state null where nothing is known of it.
   * @param {Set<string> | null} cells Those of the page; null where there is no notebook.
   * @param {boolean} replied Whether they have replies of an earlier session.
   */
  show(state, cells, replied) {
    this._state = state;
    this._cells = cells ?? new Set();
    const [tables, threads, usage, turns] = this._sections;
    this._empty.textContent = this._emptiness(cells !== null, replied);
    this._empty.hidden = this._empty.textContent === '';
    tables?.toggleAttribute('hidden', !state?.tables.length);
    threads?.toggleAttribute('hidden', !state?.threads.length);
    this._resume.hidden = !this._isOffered();
    turns?.toggleAttribute('hidden', !state?.turns.length);
    usage?.toggleAttribute('hidden', !state?.usage);
    if (state) {
      fill(this._tables, state.tables, () => element('div'), (node, table) => this._showTable(node, table));
      this._showThreads(state);
      this._showTurns();
      fill(this._usage, usageIn(this.trans, state.usage).flat(), (at) => element(at % 2 ? 'dd' : 'dt'), setText);
    }
  }

  /** Whether an earlier conversation is there, and none has begun. */
  _isOffered() {
    return this._state !== null && !this._state.turns.length && isResuming(this._state.earlier);
  }

  /**
   * @param {boolean} isOpen
   * @param {boolean} replied
   */
  _emptiness(isOpen, replied) {
    if (!isOpen) {
      return this.trans.__('Open a notebook to see its conversation here.');
    }
    if (!this._state && replied) {
      return this.trans.__(
        'The replies here are of an earlier session. Run %1: if their conversation was kept, you can resume it here.',
        '%load_ext zhipu_magic',
      );
    }
    if (!this._state) {
      return this.trans.__(
        'Nothing is known of this conversation yet. Run %1, and then a cell that begins with %2.',
        '%load_ext zhipu_magic',
        '%%glm',
      );
    }
    if (this._state.turns.length) {
      return '';
    }
    if (this._isOffered()) {
      return this.trans.__('This notebook has an earlier conversation. Resume it to go on with it.');
    }
    const keys = this._shortcut();
    return keys ? this.trans.__('No turns yet. %1 adds a cell that asks.', keys) : this.trans.__('No turns yet.');
  }

  /** @param {State} state */
  _showThreads({ thread, threads }) {
    if (this._chosen === thread || !threads.some(({ name }) => name === this._chosen)) {
      this._chosen = '';
    }
    fill(this._threads, threads, () => element('option'), (node, { name, turns }) => {
      const text = `${name} (${turns.toLocaleString()})`;
      setText(node, name === thread ? `${text} · ${this.trans.__('current')}` : text);
      node.value = name;
    });
    this._threads.value = this._chosen || thread;
    this._showChosen();
  }

  _showChosen() {
    this._goOn.hidden = !/^\S+$/.test(this._chosen); // the current one needs no button
  }

  _showTurns() {
    const { turns = [], thread = '' } = this._state ?? {};
    const chosen = turns.filter((turn) => turn.thread === (this._chosen || thread));
    fill(this._turns, chosen, turnItem, (node, turn) => this._showTurn(node, turn));
    if (!this._turns.querySelector('[tabindex="0"]')) {
      this._turns.lastElementChild?.firstElementChild?.setAttribute('tabindex', '0');
    }
  }

  /**
   * @param {HTMLElement} node
   * @param {Turn} turn
   */
  _showTurn(node, { cell, number, prompt, model, tokens, stale, cut }) {
    const button = /** @type {HTMLButtonElement} */ (node.firstElementChild);
    const [first, words, below] = /** @type {HTMLElement[]} */ ([...button.children]);
    const [figures, mark] = /** @type {HTMLElement[]} */ ([...(below?.children ?? [])]);
    const here = this._cells.has(cell);
    const used = this.trans.__('%1 tokens', tokens.toLocaleString());
    const facts = [model, used, !here && this.trans.__('not on this page')];
    const marks = [stale && this.trans.__('earlier turns have changed'), cut && this.trans.__('cut short')];
    button.dataset['cell'] = cell;
    button.setAttribute('aria-disabled', String(!here)); // it is read and passed by keys all the same
    setText(first, String(number));
    setText(words, prompt);
    setText(figures, facts.filter(Boolean).join(' · '));
    setText(mark, marks.filter(Boolean).map((one) => ` · ${one}`).join(''));
  }

  /**
   * @param {HTMLElement} node
   * @param {Table} table
   */
  _showTable(node, { name, done, total, failed, in_flight: flying, limit }) {
    if (!node.childElementCount) {
      node.append(element('p'), element('progress'), element('p'));
    }
    const [title, bar, figures] = /** @type {[HTMLElement, HTMLProgressElement, HTMLElement]} */ ([...node.children]);
    setText(title, name);
    bar.setAttribute('aria-label', name);
    bar.max = total || 1;
    bar.value = done;
    const said = [
      this.trans.__('%1 of %2', done.toLocaleString(), total.toLocaleString()),
      failed ? this.trans.__('%1 failed', failed.toLocaleString()) : '',
      this.trans.__('%1 in flight, at most %2', flying.toLocaleString(), limit.toLocaleString()),
    ];
    setText(figures, said.filter(Boolean).join(' · '));
  }
}

function turnItem() {
  const below = element('span', { class: 'zhipu-magic-below zhipu-magic-faint' }, [
    element('span'),
    element('span', { class: 'zhipu-magic-mark' }),
  ]);
  const parts = [element('span', { class: 'zhipu-magic-faint' }), element('span'), below];
  return element('li', {}, [element('button', { type: 'button', tabindex: '-1' }, parts)]);
}

/**
 * Have an element hold one child for each item, as few of them touched as can be.
 * @template T
 * @template {HTMLElement} E
 * @param {HTMLElement} holder
 * @param {readonly T[]} items
 * @param {(at: number) => E} make
 * @param {(node: E, item: T) => void} show
 */
function fill(holder, items, make, show) {
  while (holder.childElementCount > items.length) {
    holder.lastElementChild?.remove();
  }
  const missing = items.slice(holder.childElementCount).map((_, at) => make(holder.childElementCount + at));
  holder.append(...missing);
  const children = /** @type {E[]} */ ([...holder.children]);
  items.forEach((item, at) => show(/** @type {E} */ (children[at]), item));
}

/** @type {(node: HTMLElement | undefined, text: string) => void} */
function setText(node, text) {
  if (node && node.textContent !== text) {
    node.textContent = text;
  }
}

/**
 * @param {string} title
 * @param {HTMLElement[]} body
 */
function section(title, ...body) {
  return element('section', { 'aria-label': title }, [element('h2', {}, [title]), ...body]);
}

/**
 * @param {string} label
 * @param {() => unknown} act
 */
function button(label, act) {
  const made = element('button', { type: 'button', class: 'zhipu-magic-act' }, [label]);
  made.addEventListener('click', act);
  return made;
}
