// The page and its kernel: the order of the cells goes with each request, and what the kernel tells is shown.

import { guarded } from './console.js';
import { css, showStale } from './page-stale.js';

/** @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel */

/** @type {import('./part.js').Part} */
export const page = {
  name: 'page',
  description: 'Tells the kernel the order of the cells, and shows which of them should be asked again.',
  packages: ['@jupyterlab/notebook', '@jupyterlab/services', '@lumino/signaling', '@lumino/widgets'],
  start(common) {
    const { tracker } = common;
    const style = document.createElement('style');
    style.textContent = css;
    document.head.append(style);
    /** @type {Map<NotebookPanel, () => void>} */
    const ends = new Map();
    /** @type {(panel: NotebookPanel) => void} */
    const end = (panel) => {
      const ending = ends.get(panel);
      ends.delete(panel);
      ending?.();
    };
    /** @type {(sender: unknown, panel: NotebookPanel) => void} */
    const begin = (_, panel) => {
      const closed = common.link(panel).open();
      const unmarked = showStale(common, panel);
      ends.set(panel, () => {
        unmarked();
        closed();
      });
      panel.disposed.connect(end);
    };
    const added = guarded('page', begin);
    tracker.widgetAdded.connect(added);
    tracker.forEach((panel) => added(tracker, panel));
    return () => {
      tracker.widgetAdded.disconnect(added);
      [...ends.keys()].forEach((panel) => end(panel));
      style.remove();
    };
  },
};
