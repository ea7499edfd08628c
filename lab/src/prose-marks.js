// What is marked in an editor for prose: the lines above the prompt, code, and references, of which some are unknown.

import { guarded } from './console.js';
import { hasOption, headOf, wordsOf } from './cell-head.js';
import { references } from './prose-references.js';
import { CODE, HEAD, INLINE, REFERENCE, UNKNOWN } from './prose-style.js';

/** @typedef {import('@codemirror/state').Range<import('@codemirror/view').Decoration>} Mark */

const UNCHECKED = { spellcheck: 'false' };
const CODES = ['FencedCode', 'InlineCode'];

/**
 * Whether a place is inside, or right behind, a node of one of these names.
 * @param {Tree} tree @param {number} place @param {...string} names
 */
export function isInside(tree, place, ...names) {
  /** @type {import('@lezer/common').SyntaxNode | null} */
  let node = tree.resolveInner(place, -1);
  while (node && !names.includes(node.name)) {
    node = node.parent;
  }
  return node !== null;
}

/**
 * @param {ProseGiven} given
 */
export function marks(given) {
  const { ViewPlugin } = given.packages['@codemirror/view'];
  return ViewPlugin.define((view) => new Marks(given, view), { decorations: (one) => one.decorations });
}

class Marks {
  /** @param {ProseGiven} given @param {EditorView} view */
  constructor({ packages, names }, view) {
    const { Decoration } = packages['@codemirror/view'];
    const { highlightingFor, syntaxTree } = packages['@codemirror/language'];
    const { tags } = packages['@lezer/highlight'];
    this.names = names;
    this.view = view;
    this.Decoration = Decoration;
    this.tree = () => syntaxTree(view.state);
    this.kinds = { magic: tags.meta, option: tags.keyword, comment: tags.comment };
    this.classOf = (/** @type {keyof Marks['kinds']} */ kind) => highlightingFor(view.state, [this.kinds[kind]]) ?? '';
    this.decorations = Decoration.none;
    /** @type {ReturnType<typeof references>} */
    this.references = [];
    this.build = guarded('prose', () => this._build());
    this._read(this.tree());
    this.build();
    names.add(view, this);
  }

  /** What the kernel may be asked: the options, and what stands in the references. */
  get question() {
    return { options: this.head?.options ?? '', insides: this.references.map(({ inside }) => inside) };
  }

  /** @param {ViewUpdate} update */
  update(update) {
    const tree = this.tree();
    const isRead = update.docChanged || tree !== this.read;
    if (isRead) {
      this._read(tree);
    }
    if (update.docChanged) {
      this.names.ask(this.view);
    }
    if (isRead || update.viewportChanged || update.transactions.some((one) => one.effects.length)) {
      this.build();
    }
  }

  destroy() {
    this.names.remove(this.view);
  }

  /** @param {Tree} tree */
  _read(tree) {
    const { doc } = this.view.state;
    this.read = tree;
    this.head = headOf(doc.iterLines());
    const lines = this.head?.lines ?? [];
    const start = Math.min(doc.length, lines.reduce((sum, line) => sum + line.length + 1, 0));
    const text = hasOption(this.head?.options ?? '', 'raw') ? '' : doc.sliceString(start);
    /** @type {Span[]} */
    const code = [];
    if (text.includes('{{') && /`|~~~/.test(text)) {
      tree.iterate({
        enter: ({ name, from, to }) => {
          if (CODES.includes(name)) {
            code.push({ from: from - start, to: to - start });
          }
          return !CODES.includes(name);
        },
      });
    }
    this.references = text.includes('{{')
      ? references(text, code).map((one) => ({ ...one, from: one.from + start, to: one.to + start }))
      : [];
  }

  _build() {
    /** @type {Mark[]} */
    const found = [];
    const { doc } = this.view.state;
    const lines = this.head?.lines ?? [];
    lines.forEach((line, index) => {
      const { from } = doc.line(index + 1);
      const last = index === lines.length - 1 ? ` ${HEAD}-last` : '';
      found.push(this._line(`${HEAD}${last}`).range(from));
      wordsOf(line).forEach((word) => this._mark(found, from + word.from, from + word.to, this.classOf(word.kind)));
    });
    const below = lines.length < doc.lines ? doc.line(lines.length + 1).from : doc.length;
    for (const { from, to } of this.view.visibleRanges) {
      this._code(found, Math.max(from, below), to);
      this.references
        .filter((one) => one.from < to && from < one.to)
        .forEach((one) => this._reference(found, one));
    }
    this.decorations = this.Decoration.set(found, true);
  }

  /**
   * Code, between backticks and in blocks, and tables, whose columns stand one below the other.
   * @param {Mark[]} found @param {number} start @param {number} end
   */
  _code(found, start, end) {
    const { doc } = this.view.state;
    this.tree().iterate({
      from: start,
      to: end,
      enter: ({ name, from, to }) => {
        if (['FencedCode', 'CodeBlock', 'Table'].includes(name)) {
          const last = doc.lineAt(Math.min(to, end)).number;
          for (let line = doc.lineAt(Math.max(from, start)).number; line <= last; line += 1) {
            found.push(this._line(CODE).range(doc.line(line).from));
          }
          return name === 'Table';
        }
        if (name === 'InlineCode' || name === 'URL') {
          this._mark(found, from, to, name === 'URL' ? '' : INLINE);
          return false;
        }
        return true;
      },
    });
  }

  /** @param {Mark[]} found @param {Marks['references'][number]} reference */
  _reference(found, { from, to, inside }) {
    const told = this.names.told(this.view, inside);
    if (told?.kind !== 'text') {
      this._mark(found, from, to, REFERENCE);
    }
    if (told?.kind === 'unknown' || told?.kind === 'code') {
      this._mark(found, from, to, UNKNOWN, { title: told.words });
    }
  }

  /** @param {string} name */
  _line(name) {
    return this.Decoration.line({ class: name, attributes: UNCHECKED });
  }

  /**
   * @param {Mark[]} found @param {number} from @param {number} to
   * @param {string} name
   * @param {Record<string, string>} [more]
   */
  _mark(found, from, to, name, more) {
    if (from < to) {
      found.push(this.Decoration.mark({ class: name, attributes: { ...UNCHECKED, ...more } }).range(from, to));
    }
  }
}
