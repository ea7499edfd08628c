// Cells are put into a notebook, and run.

import { askingLine } from './cell-head.js';
import { enter } from './entering.js';

/**
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {import('@jupyterlab/cells').Cell} Cell
 * @typedef {import('./common.js').Common} Common
 * @typedef {import('./page-cells.js').Turn} Turn
 * @typedef {import('./page-cells.js').State} State
 */

/** The command that adds a cell that asks. */
export const NEW_CELL = 'zhipu-magic:new-cell';

/**
 * Run cells as the user would.
 * @param {Common} common
 * @param {NotebookPanel} panel
 * @param {Cell[]} cells
 */
export function run({ packages, translator }, { content, sessionContext }, cells) {
  const { NotebookActions } = packages['@jupyterlab/notebook'];
  return NotebookActions.runCells(content, cells, sessionContext, undefined, translator);
}

/**
 * Run cells while the user goes on writing in another.
 * @param {Common} common
 * @param {NotebookPanel} panel
 * @param {Cell[]} cells
 */
export function runBeside(common, panel, cells) {
  const { mode } = panel.content;
  const ran = run(common, panel, cells);
  panel.content.mode = mode;
  return ran;
}

/**
 * Put code cells into the page.
 * @param {NotebookPanel} panel
 * @param {number} at The place of the first.
 * @param {string[]} sources
 * @returns {Cell[]}
 */
export function insert({ content }, at, sources) {
  const cells = sources.map((source) => ({ cell_type: /** @type {const} */ ('code'), source, metadata: {} }));
  content.model?.sharedModel.insertCells(at, cells);
  return content.widgets.slice(at, at + sources.length);
}

/**
 * Go on from this turn in a thread of its own: a cell that forks, which runs, and an empty one that asks. They stand
 * below the reply; where cells below it ask too, below those, or these would ask in the fork when the page runs again.
 * @param {Common} common
 * @param {NotebookPanel} panel
 * @param {Cell} cell
 * @param {State} state
 * @param {Turn} turn
 */
export function fork(common, panel, cell, state, turn) {
  const cells = panel.content.widgets;
  const sources = cells.map(({ model }) => (model.type === 'code' ? model.sharedModel.getSource() : ''));
  const name = freeName(turn.thread, state.threads.map((thread) => thread.name), sources);
  const back = turn.thread === state.thread ? '' : `%glm thread ${turn.thread}\n`;
  const place = cells.indexOf(cell) + 1;
  const at = sources.slice(place).some((source) => askingLine(source)) ? cells.length : place;
  const forking = `${back}%glm fork ${name} --at ${turn.number}`;
  const [first, second] = insert(panel, at, [forking, '%%glm\n']);
  const ran = first && run(common, panel, [first]);
  enter(panel, second, true, ran);
  return ran;
}

/**
 * A name for a fork of a thread that no thread has and no cell gives.
 * @param {string} thread
 * @param {Iterable<string>} names
 * @param {Iterable<string>} sources
 */
export function freeName(thread, names, sources) {
  const taken = new Set(names);
  for (const source of sources) {
    for (const match of source.matchAll(/[%％]glm[ \t]+(?:fork|thread)[ \t]+(\S+)/g)) {
      taken.add(match[1] ?? '');
    }
  }
  const stem = thread.replace(/-\d{1,6}$/, '').slice(0, 40);
  let number = 2;
  while (taken.has(`${stem}-${number}`)) {
    number += 1;
  }
  return `${stem}-${number}`;
}
