// The side panel: the conversation of the notebook that has the focus, as its kernel tells it.

import { NEW_CELL } from './cells.js';
import { guarded } from './console.js';
import { addStyle } from './elements.js';
import { connected } from './following.js';
import { icon } from './icons.js';
import { replyIn } from './bar-reply.js';
import { go, goOn, resume } from './side-actions.js';
import { STYLE } from './side-style.js';
import { SideView } from './side-view.js';

/**
 * @typedef {import('./common.js').Common} Common
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 */

const NAME = 'side';
const ID = 'zhipu-magic-side';
const SHOW = 'zhipu-magic:show-side';
const RANK = 800;

/** @type {import('./parts.js').Part} */
export const side = {
  name: NAME,
  description: 'A side panel with the threads and turns of a notebook.',
  packages: [
    '@jupyterlab/application',
    '@jupyterlab/apputils',
    '@jupyterlab/ui-components',
    '@lumino/commands',
    '@lumino/widgets',
  ],
  services: ({ '@jupyterlab/application': application, '@jupyterlab/apputils': apputils }) => [
    application.ILayoutRestorer,
    apputils.ICommandPalette,
  ],
  /**
   * @param {Common} common
   * @param {import('@jupyterlab/application').ILayoutRestorer | null} restorer
   * @param {import('@jupyterlab/apputils').ICommandPalette | null} palette
   */
  start(common, restorer, palette) {
    const { app, packages, trans, tracker } = common;
    const removeStyle = addStyle(STYLE);
    const here = (/** @type {(panel: NotebookPanel, what: string) => unknown} */ act) => {
      /** @param {string} what */
      const acted = (what) => tracker.currentWidget && act(tracker.currentWidget, what);
      return guarded(NAME, acted);
    };
    const view = new SideView(trans, () => shortcut(common), {
      go: here((panel, cell) => go(common, panel, cell)),
      resume: here((panel, command) => resume(common, panel, command)),
      goOn: here((panel, thread) => goOn(common, panel, thread)),
    });
    const widget = new (sideWidget(packages))(view.node, () => view.show(...known(common)));
    widget.id = ID;
    widget.title.icon = icon(packages, 'zhipu-magic:glm');
    widget.title.caption = trans.__('GLM conversation');
    restorer?.add(widget, ID);

    let unlink = () => {};
    const update = () => widget.update();
    const follow = guarded(NAME, () => {
      unlink();
      const panel = tracker.currentWidget;
      const ends = panel
        ? [
            connected(NAME, common.link(panel).changed, update),
            connected(NAME, panel.context.model.cells.changed, update),
          ]
        : [];
      unlink = () => ends.forEach((end) => end());
      if ((panel || restorer) && !widget.isAttached) {
        app.shell.add(widget, 'right', { rank: RANK });
      }
      update();
    });
    const unfollow = connected(NAME, tracker.currentChanged, follow);
    follow();
    const command = app.commands.addCommand(SHOW, {
      label: trans.__('Show the GLM conversation'),
      execute: () => app.shell.activateById(ID),
    });
    const item = palette?.addItem({ command: SHOW, category: 'GLM' });
    return () => {
      unfollow();
      unlink();
      item?.dispose();
      command.dispose();
      widget.dispose();
      removeStyle();
    };
  },
};

/**
 * What is to be shown: the state, the cells of the page, and whether they have replies, of which no state tells.
 * Without a notebook, nothing.
 * @param {Common} common
 * @returns {Parameters<SideView['show']>}
 */
function known(common) {
  const panel = common.tracker.currentWidget;
  if (!panel?.content.model) {
    return [null, null, false];
  }
  const { state } = common.link(panel);
  const cells = Array.from(panel.content.model.cells);
  return [state, new Set(cells.map(({ id }) => id)), !state && cells.some(isReplied)];
}

/** @param {import('@jupyterlab/cells').ICellModel} model */
function isReplied(model) {
  const { outputs } = /** @type {Partial<import('@jupyterlab/cells').ICodeCellModel>} */ (model);
  return outputs !== undefined && replyIn(Array.from({ length: outputs.length }, (_, at) => outputs.get(at))).asked;
}

/**
 * The keys that add a cell that asks, as this page and machine have them; empty if there are none.
 * @param {Common} common
 */
function shortcut({ app, packages }) {
  const { CommandRegistry } = packages['@lumino/commands'];
  const has = app.commands.hasCommand(NEW_CELL);
  const binding = has && app.commands.keyBindings.find(({ command }) => command === NEW_CELL);
  return binding ? CommandRegistry.formatKeystroke(binding.keys) : '';
}

/**
 * A widget that shows this element, and is updated when it can be seen.
 * @param {Packages} packages
 */
function sideWidget({ '@lumino/widgets': { Widget } }) {
  return class extends Widget {
    /**
     * @param {HTMLElement} node
     * @param {() => void} render
     */
    constructor(node, render) {
      super({ node });
      this._render = guarded(NAME, render);
    }

    onUpdateRequest() {
      if (this.isVisible) {
        this._render();
      }
    }

    onAfterShow() {
      this.update();
    }

    onAfterAttach() {
      this.update();
    }

    onActivateRequest() {
      /** @type {HTMLElement | null} */ (this.node.querySelector('[tabindex="0"], select'))?.focus();
    }
  };
}
