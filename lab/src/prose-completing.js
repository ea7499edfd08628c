// Completion in cells for the model is the kernel's alone. It opens by itself in references, and nowhere else.

import { guarded } from './console.js';
import { isInside } from './prose-marks.js';
import { isOpen } from './prose-references.js';
import { CLASS } from './prose-style.js';

const KERNEL = 'CompletionProvider:kernel';
/** The trigger of a completion that nobody asked for. */
const BY_ITSELF = 1;
const OPEN = 'completer:invoke-notebook';

/**
 * @param {Common} common
 * @param {any} manager The page's completion, if it has one.
 */
export function completing({ app, packages }, manager) {
  const { EditorView } = packages['@codemirror/view'];
  const { syntaxTree } = packages['@codemirror/language'];
  /** @type {Map<Provider, () => void>} */
  const wrapped = new Map();
  const open = guarded('prose', () => {
    /** @type {Provider[]} */
    const all = [...(manager?.getProviders?.().values() ?? [])];
    all.filter((one) => !wrapped.has(one)).forEach((one) => wrapped.set(one, wrap(one)));
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
        setTimeout(() => view.hasFocus && app.commands.hasCommand(OPEN) && void app.commands.execute(OPEN));
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
 * Leave cells for the model to the kernel, which is asked of itself only where something can be completed.
 * @param {Provider} provider
 */
function wrap(provider) {
  const { isApplicable, fetch } = provider;
  if (provider.identifier === KERNEL) {
    provider.fetch = async (request, context, trigger) => {
      const { offset, text } = request;
      const isWords = isProse(context.editor) && !/(^\s*%%|\{\{)[^{}\n]*$/.test(text.slice(0, offset));
      return isWords && trigger === BY_ITSELF
        ? { start: offset, end: offset, items: [] }
        : fetch.call(provider, request, context, trigger);
    };
  } else {
    provider.isApplicable = async (context) => !isProse(context.editor) && isApplicable.call(provider, context);
  }
  return () => Object.assign(provider, { isApplicable, fetch });
}

/** @param {any} editor */
const isProse = (editor) => editor?.editor?.dom?.classList.contains(CLASS) ?? false;
