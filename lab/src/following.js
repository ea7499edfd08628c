// Listening to the page, for as long as a part is on.

import { guarded } from './console.js';

/**
 * Have a signal heard. Returns what ends it. Errors are said in the console and break nothing.
 * @template T
 * @param {string} part
 * @param {import('@lumino/signaling').ISignal<any, T>} signal
 * @param {(args: T, sender: any) => unknown} listen
 */
export function connected(part, signal, listen) {
  /** @type {(sender: any, args: T) => void} */
  const heard = (sender, args) => void listen(args, sender);
  const slot = guarded(part, heard);
  signal.connect(slot);
  return () => void signal.disconnect(slot);
}

/**
 * Begin something with each notebook that is open, or is opened later. Returns what ends it for all; it also ends for
 * a notebook that is closed.
 * @param {string} part
 * @param {import('@jupyterlab/notebook').INotebookTracker} tracker
 * @param {(panel: Panel) => () => void} begin Returns what ends it.
 */
export function eachPanel(part, tracker, begin) {
  /** @type {Map<Panel, () => void>} */
  const ends = new Map();
  const end = (/** @type {Panel} */ panel) => {
    const ending = ends.get(panel);
    ends.delete(panel);
    ending?.();
  };
  /** @param {Panel} panel */
  const follow = (panel) => {
    ends.set(panel, begin(panel));
    panel.disposed.connect(end);
  };
  const unfollow = connected(part, tracker.widgetAdded, follow);
  tracker.forEach(guarded(part, follow));
  return () => {
    unfollow();
    [...ends.keys()].forEach(end);
  };
}
