// The side panel: the conversation of the notebook that has the focus, as its kernel tells it.

import { CELL } from './commands.js';
import { guarded } from './console.js';
import { addStyle } from './elements.js';
import { enter } from './entering.js';
import { connected } from './following.js';
import { icon } from './icons.js';
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
    const view = new SideView(trans, (cell) => void go(common, cell), () => shortcut(common));
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
 * What is to be shown: the state, and the cells of the page. Without a notebook, nothing.
 * @param {Common} common
 * @returns {Parameters<SideView['show']>}
 */
function known(common) {
  const panel = common.tracker.currentWidget;
  if (!panel?.content.model) {
    return [null, null];
  }
  return [common.link(panel).state, new Set(Array.from(panel.content.model.cells, ({ id }) => id))];
}

/**
 * The keys that add a cell that asks, as this page and machine have them; empty if there are none.
 * @param {Common} common
 */
function shortcut({ app, packages }) {
  const { CommandRegistry } = packages['@lumino/commands'];
  const binding = app.commands.hasCommand(CELL) && app.commands.keyBindings.find(({ command }) => command === CELL);
  return binding ? CommandRegistry.formatKeystroke(binding.keys) : '';
}

/**
 * Go to a cell of the notebook.
 * @param {Common} common
 * @param {string} cell
 */
function go(common, cell) {
  const panel = common.tracker.currentWidget;
  if (panel) {
    common.app.shell.activateById(panel.id);
    enter(panel, panel.content.widgets.find(({ model }) => model?.id === cell));
  }
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
