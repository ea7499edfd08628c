// A reply while it grows: only the blocks that changed are rendered, by Jupyter's own code and through its sanitiser.
// What is opened or selected stays so, there and when the page shows the settled reply, which Jupyter renders itself.

import { blocks, fenced, moreRows } from './blocks.js';
import { complain, guarded } from './console.js';
import { element } from './elements.js';
import { eachPanel } from './following.js';
import { heldHeight, kept, restore } from './keeping.js';
import { alike, patched } from './patch.js';

/**
 * @typedef {import('@jupyterlab/rendermime').RenderedMarkdown} RenderedMarkdown
 * @typedef {import('@jupyterlab/rendermime').IRenderMimeRegistry} IRenderMimeRegistry
 * @typedef {import('@jupyterlab/rendermime-interfaces').IRenderMime.IMimeModel} IMimeModel
 * @typedef {{ source: string, nodes: Node[], code: boolean }} Shown
 */

const NAME = 'growing';
const MIME = 'text/markdown';
/** Milliseconds for which what was kept of outputs that are gone waits for others. */
const HELD = 2000;
const BOX = 'jp-mod-outputsScrolled';

/** @type {import('./parts.js').Part} */
export const growing = {
  name: NAME,
  description: 'Replies that grow without closing what is open in them.',
  packages: ['@jupyterlab/rendermime'],
  start({ packages, tracker }) {
    /**
     * By their registries, each of which several views of a notebook may share.
     * @type {Map<IRenderMimeRegistry, { views: number, end: () => void }>}
     */
    const taught = new Map();
    return eachPanel(NAME, tracker, ({ content: { rendermime } }) => {
      const one = taught.get(rendermime) ?? { views: 0, end: follow(rendermime, packages['@jupyterlab/rendermime']) };
      taught.set(rendermime, one);
      one.views += 1;
      return () => {
        one.views -= 1;
        if (!one.views) {
          taught.delete(rendermime);
          one.end();
        }
      };
    });
  },
};

/**
 * Have a notebook's Markdown grow. Returns what ends it.
 * @param {IRenderMimeRegistry} registry
 * @param {Packages['@jupyterlab/rendermime']} rendermime
 */
function follow(registry, rendermime) {
  const own = registry.getFactory(MIME);
  if (!own) {
    return () => {};
  }
  let isOn = true;
  const factory = {
    ...own,
    /** @param {import('@jupyterlab/rendermime-interfaces').IRenderMime.IRendererOptions} options */
    createRenderer(options) {
      const widget = own.createRenderer(options);
      // another extension's renderer is its own affair
      if (widget.constructor === rendermime.RenderedMarkdown) {
        new Growing(/** @type {RenderedMarkdown} */ (widget), rendermime.renderMarkdown, () => isOn).begin();
      }
      return widget;
    },
  };
  registry.addFactory(factory, own.defaultRank);
  return () => {
    isOn = false;
    if (registry.getFactory(MIME) === factory) {
      registry.addFactory(own, own.defaultRank);
    }
  };
}

/**
 * What was kept of outputs that have been cleared, by their area, until others are shown there.
 * @type {WeakMap<Element, { what: import('./keeping.js').Kept, end: () => void }>}
 */
const cleared = new WeakMap();
/** @type {WeakMap<Element, MutationObserver>} */
const unboxed = new WeakMap();

/** One output of Markdown. */
class Growing {
  /** @type {Shown[]} */
  _shown = [];
  _trusted = false;
  _grows = false;
  /** @type {IMimeModel | null} */
  _next = null;
  /** @type {Promise<void> | null} */
  _running = null;

  /**
   * @param {RenderedMarkdown} widget
   * @param {typeof import('@jupyterlab/rendermime').renderMarkdown} renderMarkdown
   * @param {() => boolean} isOn Whether the part is; the widget may live longer.
   */
  constructor(widget, renderMarkdown, isOn) {
    this._widget = widget;
    this._renderMarkdown = renderMarkdown;
    this._isOn = isOn;
    this._own = widget.render.bind(widget);
  }

  /** Render what comes for the widget. */
  begin() {
    // `_rendered` is what the widget typesets after, when it is attached; `onBeforeDetach` is what Lumino calls
    const widget = /** @type {any} */ (this._widget);
    widget.render = (/** @type {IMimeModel} */ model) => (widget._rendered = this._render(model));
    const detach = widget.onBeforeDetach.bind(widget);
    widget.onBeforeDetach = (/** @type {unknown} */ message) => {
      guarded(NAME, () => this._leave())();
      detach(message);
    };
  }

  /**
   * @param {IMimeModel} model
   * @returns {Promise<void>}
   */
  async _render(model) {
    const before = this._running;
    const wasGrowing = this._grows;
    this._grows = isGrowing(model) && this._isOn();
    this._next = model;
    if (this._grows) {
      // frames that come while one is rendered are skipped, but for the last
      this._running = before ?? this._catchUp().finally(() => (this._running = null));
      await this._running;
    } else {
      await before;
      const what = wasGrowing ? this._area && kept(this._area) : null;
      this._shown = [];
      await this._own(model);
      this._again(what);
    }
    this._again(null);
  }

  async _catchUp() {
    while (this._next && this._grows) {
      const model = this._next;
      this._next = null;
      try {
        await this._grow(String(model.data[MIME] ?? ''), model.trusted);
        this._unbox();
      } catch (error) {
        complain(NAME, error);
        this._shown = [];
        await this._own(model);
      }
    }
  }

  get _area() {
    return /** @type {HTMLElement | null} */ (this._widget.node.closest('.jp-OutputArea'));
  }

  /** Keep what there is of a reply that grows while its outputs are cleared. */
  _leave() {
    const area = this._area;
    if (!this._grows || !area || cleared.has(area)) {
      return;
    }
    const what = kept(area);
    const release = heldHeight(area);
    const memory = { what, end: () => void (cleared.get(area) === memory && cleared.delete(area) && release()) };
    cleared.set(area, memory);
    // the notebook may also have been closed, or the cell moved or scrolled out of sight: then the output lives on
    queueMicrotask(() => (this._widget.isDisposed && area.isConnected) || memory.end());
    window.setTimeout(memory.end, HELD);
  }

  /**
   * Have it again as the reader had it.
   * @param {import('./keeping.js').Kept | null} what
   */
  _again(what) {
    const area = this._area;
    const memory = area && cleared.get(area);
    if (area && (what || memory)) {
      restore(area, what ?? /** @type {NonNullable<typeof memory>} */ (memory).what);
      // not before the next frame: the page may render an output twice
      requestAnimationFrame(() => requestAnimationFrame(() => memory?.end()));
    }
  }

  /**
   * @param {string} source
   * @param {boolean} trusted
   */
  async _grow(source, trusted) {
    const host = this._widget.node;
    const shown = this._shown.flatMap((block) => block.nodes);
    const isOurs = shown.length === host.childNodes.length && shown.every((node) => node.parentNode === host);
    if (!isOurs || trusted !== this._trusted) {
      host.replaceChildren();
      this._shown = [];
      this._trusted = trusted;
    }
    const parts = wanted(source);
    const before = this._shown;
    const { same, ending } = alike(before, parts, (old, part) => old.source === part.source && old.code === part.code);
    const old = before.slice(same, before.length - ending);
    const changed = parts.slice(same, parts.length - ending);
    const [first, only] = [old[0], changed[0]];
    if (old.length === 1 && changed.length === 1 && first && only && (await this._addRows(first, only))) {
      return;
    }
    /** @type {Shown[]} */
    const fresh = [];
    for (const part of changed) {
      fresh.push({ ...part, nodes: part.code ? asCode(part.source) : await this._rendered(part.source) });
    }
    const next = before[before.length - ending]?.nodes[0] ?? null;
    const nodes = fresh.flatMap((block) => block.nodes);
    const put = patched(host, old.flatMap((block) => block.nodes), nodes, next);
    let at = 0;
    for (const block of fresh) {
      block.nodes = put.slice(at, (at += block.nodes.length));
      this._typeset(block.nodes);
    }
    this._shown = [...before.slice(0, same), ...fresh, ...before.slice(before.length - ending)];
  }

  /**
   * The nodes of a block as the page renders it.
   * @param {string} source
   * @returns {Promise<ChildNode[]>}
   */
  async _rendered(source) {
    const host = document.createElement('div');
    // The widget has what else it takes: its sanitiser, its parser, how it resolves links, …
    await this._renderMarkdown({ ...this._widget, host, source, trusted: this._trusted, shouldTypeset: false });
    return [...host.childNodes];
  }

  /**
   * Add the rows by which a table has grown. Returns whether that was all.
   * @param {Shown} before
   * @param {{ source: string }} after
   */
  async _addRows(before, after) {
    const more = moreRows(before.source, after.source);
    const there = before.nodes.find((node) => node instanceof HTMLTableElement);
    if (!more || !(there instanceof HTMLTableElement)) {
      return false;
    }
    const nodes = (await this._rendered(more.table)).filter((node) => node instanceof Element);
    const [table] = nodes;
    const body = there.tBodies[0];
    if (nodes.length !== 1 || !(table instanceof HTMLTableElement) || !body || body.rows.length !== more.kept + 1) {
      return false;
    }
    const old = [...body.childNodes];
    const last = /** @type {ChildNode} */ (body.rows[more.kept]);
    const rows = [...(table.tBodies[0]?.childNodes ?? [])];
    while (rows[0] && !(rows[0] instanceof Element)) {
      rows.shift(); // it stands before the first row, as in the other table
    }
    patched(body, old.slice(old.indexOf(last)), rows, null);
    this._typeset([...body.rows].slice(more.kept));
    before.source = after.source;
    return true;
  }

  /**
   * Typeset the mathematics in nodes, if there may be any.
   * @param {Node[]} nodes
   */
  _typeset(nodes) {
    if (!this._widget.isAttached) {
      return; // it will be when it is attached
    }
    for (const node of nodes) {
      if (node instanceof HTMLElement && /[$\\]/.test(node.textContent ?? '')) {
        this._widget.latexTypesetter?.typeset(node);
      }
    }
  }

  /** Take a reply that grows out of the box for long outputs, unless the user has asked for that. */
  _unbox() {
    const cell = this._widget.node.closest('.jp-CodeCell');
    if (!cell || unboxed.has(cell)) {
      return;
    }
    const unbox = () => {
      if (!this._isOn()) {
        observer.disconnect();
        unboxed.delete(cell);
      } else if (cell.classList.contains(BOX) && !cell.querySelector('[data-icon="ui-components:expand"]')) {
        cell.classList.remove(BOX);
      }
    };
    const observer = new MutationObserver(unbox);
    observer.observe(cell, { attributeFilter: ['class'] });
    unboxed.set(cell, observer);
    unbox();
  }
}

/** @param {IMimeModel} model */
function isGrowing(model) {
  const ours = /** @type {any} */ (model.metadata)?.zhipu_magic;
  return ours?.growing === true;
}

/**
 * The blocks of a page, of which the last before our own line at the end may not be whole.
 * @param {string} source
 */
function wanted(source) {
  const parts = blocks(source).map((part) => ({ source: part, code: false }));
  const last = parts.filter((part) => !part.source.startsWith('<')).pop();
  if (last && fenced(last.source)) {
    last.code = true;
  }
  return parts;
}

/**
 * A block of code as plain text: it is coloured once it is whole.
 * @param {string} source
 * @returns {Node[]}
 */
function asCode(source) {
  const { language, code } = /** @type {{ language: string, code: string }} */ (fenced(source));
  /** @type {Record<string, string>} */
  const named = language ? { class: `language-${language}` } : {};
  return [element('pre', {}, [element('code', named, [`${code}\n`])])];
}
