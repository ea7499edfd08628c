// Completion in cells for the model is the kernel's alone. It opens by itself in references, and nowhere else.

import { guarded } from './console.js';
import { isInside } from './prose-marks.js';
import { isOpen } from './prose-references.js';
import { CLASS } from './prose-style.js';

const KERNEL = 'CompletionProvider:kernel';
/** The trigger of a completion that nobody asked for. */
const BY_ITSELF = 1;
const OPEN = 'completer:invoke-notebook';
/** The end of a text where something is completed of itself: the line of options, and a reference. */
const OPENS = /(^\s*%%|\{\{)[^{}\n]*$/;

/**
 * @param {Common} common
 * @param {any} manager The page's completion, if it has one.
 */
export function completing({ app, packages }, manager) {
  const { EditorView } = packages['@codemirror/view'];
  const { syntaxTree } = packages['@codemirror/language'];
  /** @type {Map<Provider, () => void>} */
  const wrapped = new Map();
  const ask = (/** @type {EditorView} */ view) => {
    view.hasFocus && app.commands.hasCommand(OPEN) && void app.commands.execute(OPEN);
  };
  const open = guarded('prose', () => {
    for (const one of manager?.getProviders?.().values() ?? []) {
      wrapped.has(one) || wrapped.set(one, wrap(one, ask));
    }
  });
  open();
  manager?.activeProvidersChanged?.connect(open);
  const opener = EditorView.updateListener.of(
    guarded('prose', /** @param {ViewUpdate} update */ (update) => {
      const { state, view } = update;
      const { head, empty } = state.selection.main;
      if (!empty || !update.docChanged || !update.transactions.some((one) => one.isUserEvent('input.type'))) {
        return;
      }
      const line = state.doc.lineAt(head);
      const isCode = () => isInside(syntaxTree(state), head, 'FencedCode', 'InlineCode', 'Head');
      if (isOpen(line.text.slice(0, head - line.from)) && !isCode()) {
        setTimeout(() => ask(view));
      }
    }),
  );
  return {
    opener,
    stopCompleting: () => {
      manager?.activeProvidersChanged?.disconnect(open);
      wrapped.forEach((restore) => restore());
    },
  };
}

/**
 * Leave cells for the model to the kernel, which is asked of itself only where something can be completed. The page
 * would show an answer that comes late as it is, and put it beside what was written meanwhile: while that goes on with
 * the same word, it is asked for again.
 * @param {Provider} provider
 * @param {(view: EditorView) => void} ask
 */
function wrap(provider, ask) {
  const { isApplicable, fetch } = provider;
  if (provider.identifier === KERNEL) {
    provider.fetch = async (...asked) => {
      const [{ offset: start }, context, trigger] = asked;
      const view = prose(context);
      const before = view && written(view);
      const quiet = trigger === BY_ITSELF && view && !OPENS.test(before);
      const found = quiet ? null : await fetch.apply(provider, asked);
      const now = view && written(view);
      if (view && OPENS.test(now) && now.startsWith(before) && /^\S+$/.test(now.slice(before.length))) {
        ask(view);
      }
      return found && now === before ? found : { start, end: start, items: [] };
    };
  } else {
    provider.isApplicable = async (context) => !prose(context) && isApplicable.call(provider, context);
  }
  return () => Object.assign(provider, { isApplicable, fetch });
}

/**
 * The view of a cell, if it is for the model.
 * @param {any} context
 */
const prose = ({ editor }) => (editor?.editor?.dom?.classList.contains(CLASS) ? editor.editor : null);

/** @param {EditorView} view */
const written = ({ state }) => state.sliceDoc(0, state.selection.main.head);
