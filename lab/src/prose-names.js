// Which references are names of the kernel's. It is asked by way of completion, once the user pauses and it is idle.

import { guarded } from './console.js';
import { connected, eachPanel } from './following.js';

/** See the kernel's `completer/asked`. */
const ENQUIRY = '\x05';
const MOST = 200;
/** Milliseconds of a pause. */
const PAUSE = 700;

/**
 * @typedef {{ question: { options: string, insides: string[] } }} Asking
 * @typedef {{ kind: string, words: string }} Told
 * @typedef {Panel['sessionContext']} Context
 */

export class Names {
  /** @param {Common} common */
  constructor({ tracker, trans, packages }) {
    this.tracker = tracker;
    this.trans = trans;
    /** Says to an editor that the kernel has answered. */
    this.effect = packages['@codemirror/state'].StateEffect.define();
    /** @type {Map<EditorView, Asking>} */
    this.views = new Map();
    /** @type {WeakMap<EditorView, Map<string, Told>>} */
    this.answers = new WeakMap();
    /** @type {Set<EditorView>} Those that have something to ask. */
    this.due = new Set();
    /** @type {WeakSet<Context>} Those in which something has run since. */
    this.changed = new WeakSet();
    eachPanel('prose', tracker, (panel) => this._follow(panel));
  }

  /** @param {EditorView} view @param {Asking} asking */
  add(view, asking) {
    this.views.set(view, asking);
    this.ask(view);
  }

  /** @param {EditorView} view */
  remove(view) {
    this.views.delete(view);
    this.due.delete(view);
  }

  /** Ask for this editor's names, in a while. @param {EditorView} view */
  ask(view) {
    if (this.views.get(view)?.question.insides.length) {
      this.due.add(view);
      this._soon();
    }
  }

  /** What the kernel has said of a reference. @param {EditorView} view @param {string} inside */
  told(view, inside) {
    return this.answers.get(view)?.get(inside);
  }

  /** @param {Panel} panel */
  _follow({ sessionContext }) {
    const ends = [
      connected('prose', sessionContext.iopubMessage, ({ header }) => {
        if (header.msg_type === 'execute_input') {
          this.changed.add(sessionContext);
        }
      }),
      connected('prose', sessionContext.statusChanged, (status) => {
        if (/restarting|dead/.test(status)) {
          this._viewsOf(sessionContext).forEach((view) => this._answer(view, new Map()));
        }
        if (status !== 'idle') {
          return void (status !== 'busy' && this.changed.add(sessionContext));
        }
        if (this.changed.delete(sessionContext)) {
          this._viewsOf(sessionContext).forEach((view) => this.ask(view));
        }
        this._soon();
      }),
    ];
    return () => ends.forEach((end) => end());
  }

  _soon() {
    clearTimeout(this.timer);
    if (this.due.size) {
      this.timer = setTimeout(guarded('prose', () => this._askAll()), PAUSE);
    }
  }

  /** @param {Context} context */
  _viewsOf(context) {
    return [...this.views.keys()].filter((view) => this._context(view) === context);
  }

  /** @param {EditorView} view @param {Map<string, Told>} said */
  _answer(view, said) {
    this.answers.set(view, said);
    view.dispatch({ effects: this.effect.of(null) });
  }

  /** @param {EditorView} view */
  _context(view) {
    return this.tracker.find((panel) => panel.node.contains(view.dom))?.sessionContext;
  }

  /** One request for each kernel, and for each table of `--each`. */
  _askAll() {
    /** @type {Map<string, EditorView[]>} */
    const groups = new Map();
    for (const view of this.due) {
      const kernel = this._context(view)?.session?.kernel;
      if (kernel?.status === 'idle') {
        this.due.delete(view);
        const options = this.views.get(view)?.question.options ?? '';
        const key = `${kernel.id} ${options.includes('each') ? options : ''}`;
        groups.set(key, [...(groups.get(key) ?? []), view]);
      }
    }
    groups.forEach((views, key) => void this._askFor(views, key.slice(key.indexOf(' '))));
  }

  /** @param {EditorView[]} views @param {string} options */
  async _askFor(views, options) {
    const kernel = views[0] && this._context(views[0])?.session?.kernel;
    const all = views.flatMap((view) => this.views.get(view)?.question.insides ?? []);
    const insides = [...new Set(all)].slice(0, MOST);
    const code = `%%glm${options}\n{{ ${insides.map((inside) => ENQUIRY + inside).join('')}`;
    try {
      const reply = await kernel?.requestComplete({ code, cursor_pos: [...code].length });
      const said = this._read(reply?.content, insides);
      views.filter((view) => this.views.has(view)).forEach((view) => this._answer(view, said));
    } catch {
      // The kernel was restarted or ended meanwhile: it will be asked again.
    }
  }

  /** @param {any} content @param {string[]} insides */
  _read(content, insides) {
    /** @type {Map<string, Told>} */
    const said = new Map();
    for (const { text, type } of content?.metadata?._jupyter_types_experimental ?? []) {
      const [number, near] = String(text).split(' ');
      const inside = insides[Number(number)];
      if (inside && ['known', 'unknown', 'code', 'text'].includes(type)) {
        const name = /^[\p{L}\p{N}_]+/u.exec(inside)?.[0] ?? inside;
        said.set(inside, { kind: type, words: type === 'code' ? this._isCode() : this._words(name, near) });
      }
    }
    return said;
  }

  _isCode() {
    return this.trans.__('This is code, which is not run from a prompt: give its value a name first.');
  }

  /** @param {string} name @param {string | undefined} near */
  _words(name, near) {
    const { trans } = this;
    return near
      ? trans.__('There is no value named %1. Did you mean %2?', name, near)
      : trans.__('There is no value named %1.', name);
  }
}
