// What the buttons of the bar do.

import { fork, insert, run } from './cells.js';
import { guarded } from './console.js';
import { copy } from './copying.js';
import { enter } from './entering.js';
import { icon } from './icons.js';

/**
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {import('./bar-view.js').Action} Action
 */

/**
 * What can be done with a reply now.
 * @param {import('./common.js').Common} common
 * @param {NotebookPanel} panel
 * @param {import('./bar.js').Facts} facts
 * @param {import('./bar-view.js').Bar} bar
 * @param {(text: string) => void} say
 * @returns {Action[]}
 */
export function actions(common, panel, facts, bar, say) {
  const { packages, trans } = common;
  const { stopIcon, refreshIcon, copyIcon, codeIcon } = packages['@jupyterlab/ui-components'];
  const { cell, kernel, reply, runs, idle, state, turn, python } = facts;
  const rests = kernel !== null && facts.rests;
  const isJob = facts.isJob && !runs;
  const stopping = idle ? trans.__('Stopping') : trans.__('Stops when the kernel is idle');
  const below = () => panel.content.widgets.indexOf(cell) + 1;
  const copyAll = () => copy(common, reply.text, bar.node.querySelector('[data-action="copy"]'), say);
  const take = () => {
    enter(panel, insert(panel, below(), [python])[0]);
    say(trans.__('The code is in a new cell below.'));
  };
  const goOn = () => {
    const cells = insert(panel, below(), ['%glm continue']);
    const ran = run(common, panel, cells);
    enter(panel, cells[0]);
    return ran;
  };
  /** @type {[boolean, string, string, Action['icon'], () => unknown][]} */
  const all = [
    [runs && kernel !== null, 'stop', trans.__('Stop'), stopIcon, () => kernel?.interrupt()],
    [isJob && kernel !== null, 'stop', facts.isStopping ? stopping : trans.__('Stop'), stopIcon, facts.stopJob],
    [rests && facts.asks, 'again', trans.__('Run again'), refreshIcon, () => run(common, panel, [cell])],
    [reply.text !== '', 'copy', trans.__('Copy as Markdown'), copyIcon, copyAll],
    [python !== '', 'insert', trans.__('Insert code below'), codeIcon, take],
    [
      rests && idle && turn !== null, 'fork', trans.__('Fork from here'), icon(packages, 'zhipu-magic:fork'),
      () => state && turn && fork(common, panel, cell, state, turn),
    ],
    [
      rests && idle && facts.goesOn, 'continue', trans.__('Continue where it was cut'),
      icon(packages, 'zhipu-magic:continue'), goOn,
    ],
  ];
  return all
    .filter(([can]) => can)
    .map(([, name, label, drawn, act]) => ({ name, label, icon: drawn, run: guarded('bar', act) }));
}
