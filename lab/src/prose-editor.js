// The editor of a cell for the model: what makes it read and write like prose. The cell's MIME type stays what it is.

import { headOf, isPython } from './cell-head.js';
import { atEnter } from './prose-lines.js';
import { isInside, marks } from './prose-marks.js';
import { CLASS, QUIET } from './prose-style.js';

/** Where Enter means something else: in the completer, and in a console. */
const [COMPLETING, TERMINAL] = ['jp-mod-completer-active', '[data-jp-interaction-mode="terminal"]'];

/**
 * The lines above the prompt, where the cell is for the model; else null.
 * @param {Doc} doc
 * @param {CellModel} model
 */
export function headIn(doc, model) {
  return /** @type {any} */ (model).type === 'code' && isPython(model.mimeType) ? headOf(doc.iterLines()) : null;
}

/**
 * What makes an editor one for prose. It is another one for each number of lines above the prompt: Markdown that begins
 * elsewhere is read anew.
 * @param {ProseGiven} given
 * @returns {(lines: number) => Extension}
 */
export function proseEditor(given) {
  const { EditorState, Prec } = given.packages['@codemirror/state'];
  const { EditorView, keymap } = given.packages['@codemirror/view'];
  const { HighlightStyle, indentService, syntaxHighlighting } = given.packages['@codemirror/language'];
  const { tags } = given.packages['@lezer/highlight'];
  const shared = [
    EditorView.lineWrapping,
    EditorView.editorAttributes.of({ class: CLASS }),
    EditorView.contentAttributes.of({ spellcheck: 'true' }),
    Prec.highest([
      indentService.of(() => null),
      EditorState.languageData.of(() => [{ closeBrackets: { brackets: [] } }]),
      keymap.of([{ key: 'Enter', run: (view) => enter(given, view) }]),
    ]),
    syntaxHighlighting(HighlightStyle.define([{ tag: tags.processingInstruction, class: QUIET }])),
    Prec.lowest(marks(given)), // outermost, so that no other mark divides one
    given.opener,
  ];
  /** @type {Map<number, Extension>} */
  const made = new Map();
  return (lines) => {
    const one = made.get(lines) ?? [Prec.highest(language(given, lines)), ...shared];
    made.set(lines, one);
    return one;
  };
}

/**
 * Jupyter's own Markdown, after so many lines that are none.
 * @param {ProseGiven} given
 * @param {number} lines
 */
function language({ packages, markdown }, lines) {
  const { Language } = packages['@codemirror/language'];
  const parser = /** @type {import('@lezer/markdown').MarkdownParser} */ (markdown.parser).configure({
    defineNodes: [{ name: 'Head', block: true }],
    parseBlock: [
      {
        name: 'Head',
        before: 'LinkReference',
        parse(context, line) {
          if (context.lineStart > 0) {
            return false;
          }
          let end = 0;
          for (let left = lines; left > 0; left -= 1) {
            end = context.lineStart + line.text.length;
            context.nextLine();
          }
          context.addElement(context.elt('Head', 0, end));
          return true;
        },
      },
    ],
  });
  return new Language(markdown.data, parser, [], 'markdown').extension;
}

/**
 * @param {ProseGiven} given
 * @param {EditorView} view
 */
function enter({ packages }, view) {
  const { EditorSelection } = packages['@codemirror/state'];
  const { dom, state } = view;
  const isCompleting = dom.parentElement?.classList.contains(COMPLETING);
  if (state.readOnly || isCompleting || dom.closest(TERMINAL)) {
    return false;
  }
  const tree = packages['@codemirror/language'].syntaxTree(state);
  const head = headOf(state.doc.iterLines())?.lines.length ?? 0;
  const changes = state.changeByRange((range) => {
    const line = state.doc.lineAt(range.from);
    const rest = state.doc.lineAt(range.to);
    const before = line.text.slice(0, range.from - line.from);
    const isCode = isInside(tree, range.from, 'FencedCode');
    const { drop, insert } =
      line.number <= head ? { drop: 0, insert: '\n' } : atEnter(before, rest.text.slice(range.to - rest.from), isCode);
    const from = range.from - drop;
    return { changes: { from, to: range.to, insert }, range: EditorSelection.cursor(from + insert.length) };
  });
  view.dispatch(state.update(changes, { scrollIntoView: true, userEvent: 'input' }));
  return true;
}
