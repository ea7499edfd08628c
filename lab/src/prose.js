// Cells for the model are written as prose. Whether a cell is one, each change of its text decides anew.

import { complain, guarded } from './console.js';
import { addStyle } from './elements.js';
import { completing } from './prose-completing.js';
import { headIn, proseEditor } from './prose-editor.js';
import { Names } from './prose-names.js';
import { STYLE } from './prose-style.js';

/** @typedef {import('@jupyterlab/codemirror').IEditorExtensionRegistry | null} Extensions */

/** @type {Extension[]} */
const NOTHING = [];
/** @type {Follower | null} The editors once had this, and keep it: an extension cannot be taken back. */
let follower = null;

/** @type {import('./parts.js').Part} */
export const prose = {
  name: 'prose',
  description: 'Cells for the model are written as prose.',
  packages: [
    '@codemirror/language',
    '@codemirror/state',
    '@codemirror/view',
    '@jupyterlab/codemirror',
    '@jupyterlab/completer',
    '@lezer/highlight',
  ],
  services: (packages) => [
    packages['@jupyterlab/codemirror'].IEditorExtensionRegistry,
    packages['@jupyterlab/codemirror'].IEditorLanguageRegistry,
    packages['@jupyterlab/completer'].ICompletionProviderManager,
  ],
  start,
};

/**
 * @param {Common} common
 * @param {Extensions} extensions
 * @param {import('@jupyterlab/codemirror').IEditorLanguageRegistry | null} languages
 * @param {unknown} manager
 */
function start(common, extensions, languages, manager) {
  const { packages, tracker } = common;
  const following = (follower ??= new Follower(common, extensions));
  const { opener, stopCompleting } = completing(common, manager);
  const removeStyle = addStyle(STYLE);
  let stopped = false;
  void loaded(languages).then((markdown) => {
    if (markdown && !stopped) {
      following.change(proseEditor({ packages, markdown, opener, names: following.names }));
      tracker.forEach((panel) => panel.content.widgets.forEach((cell) => following.inject(cell.editor)));
    }
  });
  return () => {
    stopped = true;
    following.change(null);
    stopCompleting();
    removeStyle();
  };
}

/** Jupyter's own Markdown. @param {import('@jupyterlab/codemirror').IEditorLanguageRegistry | null} languages */
async function loaded(languages) {
  try {
    const found = await languages?.getLanguage('ipythongfm');
    return found?.support?.language ?? null;
  } catch (error) {
    complain('prose', error);
    return null;
  }
}

/** Gives each editor of a cell what its text asks for, in the very change that makes it another text. */
class Follower {
  /** @param {Common} common @param {Extensions} extensions */
  constructor(common, extensions) {
    const { packages } = common;
    const { Compartment, StateEffect } = packages['@codemirror/state'];
    this.packages = packages;
    this.names = new Names(common);
    this.compartment = new Compartment();
    this.look = StateEffect.define();
    /** @type {Set<EditorView>} */
    this.views = new Set();
    /** @type {((lines: number) => Extension) | null} */
    this.make = null;
    // One with a value comes behind those of others, such as vim, whose keys go first.
    extensions?.addExtension({
      name: 'zhipu-magic-prose',
      default: true,
      factory: ({ model }) =>
        packages['@jupyterlab/codemirror'].EditorExtensionRegistry.createConfigurableExtension(() =>
          this.extension(model),
        ),
    });
  }

  /** Have editors be made so from now on, or no longer. @param {((lines: number) => Extension) | null} make */
  change(make) {
    this.make = make;
    this.views.forEach((view) => view.dispatch({ effects: this.look.of(null) }));
  }

  /** An editor that was there before. @param {any} editor */
  inject(editor) {
    if (editor?.editor && !this.compartment.get(editor.editor.state)) {
      editor.injectExtension(this.extension(editor.model));
      editor.editor.dispatch({ effects: this.look.of(null) });
    }
  }

  /** @param {CellModel} model */
  extension(model) {
    const { EditorState, Text } = this.packages['@codemirror/state'];
    const { ViewPlugin } = this.packages['@codemirror/view'];
    const { views, compartment } = this;
    const wanted = (/** @type {Doc} */ doc) => {
      const head = this.make && headIn(doc, model);
      return head && this.make ? this.make(head.lines.length) : NOTHING;
    };
    const extend = guarded('prose', /** @param {Transaction} change */ (change) => {
      const now = compartment.get(change.startState) ?? NOTHING;
      const next = change.docChanged || change.effects.length ? wanted(change.newDoc) : now;
      return next === now ? null : { effects: compartment.reconfigure(next) };
    });
    return [
      compartment.of(wanted(Text.of(model.sharedModel.getSource().split('\n')))),
      EditorState.transactionExtender.of((change) => extend(change) ?? null),
      ViewPlugin.define((view) => {
        views.add(view);
        return { destroy: () => views.delete(view) };
      }),
    ];
  }
}
