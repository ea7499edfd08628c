// What the side panel does with the notebook.

import { insert, run } from './cells.js';
import { enter } from './entering.js';
import { loadsIt } from './loading.js';

/**
 * @typedef {import('./common.js').Common} Common
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 */

/** What the kernel may have run, to continue an earlier conversation. */
const RESUMES = /^%glm resume( \S.*)?$/;

/**
 * Go to a cell of the notebook.
 * @param {Common} common
 * @param {NotebookPanel} panel
 * @param {string} cell
 */
export function go(common, panel, cell) {
  common.app.shell.activateById(panel.id);
  enter(panel, panel.content.widgets.find(({ model }) => model?.id === cell));
}

/**
 * Whether this is a command that continues an earlier conversation.
 * @param {unknown} command
 * @returns {command is string}
 */
export function isResuming(command) {
  return typeof command === 'string' && RESUMES.test(command);
}

/**
 * Continue an earlier conversation: by the cell that says so, or by a new one below that which loads the extension.
 * @param {Common} common
 * @param {NotebookPanel} panel
 * @param {string} command
 */
export function resume(common, panel, command) {
  const { content } = panel;
  const sources = content.widgets.map(({ model }) => (model.type === 'code' ? model.sharedModel.getSource() : ''));
  const there = content.widgets[sources.findIndex((source) => source.trim() === command)];
  const below = sources.findIndex(loadsIt);
  const at = (below < 0 ? content.activeCellIndex : below) + 1;
  const cells = there ? [there] : insert(panel, at, [command]);
  common.app.shell.activateById(panel.id);
  const ran = run(common, panel, cells);
  enter(panel, cells[0]);
  return ran;
}

/**
 * Go on in another thread: at the end of the page, a cell that switches to it, which runs, and one that asks.
 * @param {Common} common
 * @param {NotebookPanel} panel
 * @param {string} thread
 */
export function goOn(common, panel, thread) {
  const [first, second] = insert(panel, panel.content.widgets.length, [`%glm thread ${thread}`, '%%glm\n']);
  common.app.shell.activateById(panel.id);
  const ran = first && run(common, panel, [first]);
  enter(panel, second, true, ran);
  return ran;
}
