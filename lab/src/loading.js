// Has the kernel of a notebook know `%%glm`, where a command has made a cell that asks.

import { insert, runBeside } from './cells.js';
import { complain } from './console.js';
import { connected } from './following.js';

/**
 * @typedef {import('./common.js').Common} Common
 * @typedef {import('@jupyterlab/notebook').NotebookPanel} NotebookPanel
 * @typedef {NonNullable<NonNullable<NotebookPanel['sessionContext']['session']>['kernel']>} Kernel
 */

export const LOAD = '%load_ext zhipu_magic';
const LOADS = /^[ \t]*[%％](?:re)?load_ext[ \t]+zhipu_magic\b/m;

/** @param {string} source */
export const loadsIt = (source) => LOADS.test(source);

/** Milliseconds between two looks at a kernel, and in which an idle one answers; and how often it is asked. */
const STEP = 50;
const LATEST = 3000;
const TRIES = 3;

/** Kernels for which this was seen to, until they restart. @type {WeakSet<Kernel>} */
const seenTo = new WeakSet();

/**
 * Load the extension in a Python kernel that does not have it, by a cell of the page that does nothing else, or by a
 * new one at its top where no cell loads it: once in the life of a kernel. Where there is none, the cell only waits.
 * @param {Common} common
 * @param {NotebookPanel} panel
 */
export async function load(common, panel) {
  if (common.link(panel).state) {
    return; // the kernel has told that it is there
  }
  try {
    await loadUnknown(common, panel);
  } catch (error) {
    if (!panel.isDisposed && panel.sessionContext.session?.kernel?.status !== 'restarting') {
      complain('commands', error);
    }
  }
}

/**
 * @param {Common} common
 * @param {NotebookPanel} panel
 */
async function loadUnknown(common, panel) {
  const { content, sessionContext } = panel;
  await sessionContext.ready;
  const kernel = sessionContext.session?.kernel ?? null;
  const language = (await kernel?.spec)?.language ?? content.model?.defaultKernelLanguage ?? '';
  if (!/^i?python/i.test(language) || (kernel && (seenTo.has(kernel) || (await knows(kernel))))) {
    return;
  }
  if (panel.isDisposed || kernel !== (sessionContext.session?.kernel ?? null)) {
    return;
  }
  const code = content.widgets.filter(({ model }) => model.type === 'code');
  const source = (/** @type {typeof code[number]} */ { model }) => model.sharedModel.getSource();
  const alone = code.find((cell) => source(cell).trim() === LOAD);
  const loads = alone ? [alone] : code.some((cell) => loadsIt(source(cell))) ? [] : insert(panel, 0, [LOAD]);
  if (kernel && loads.length) {
    await runBeside(common, panel, loads);
  }
}

/**
 * Whether a kernel has the magic, which it completes then. What runs in it is not disturbed.
 * @param {Kernel} kernel
 */
async function knows(kernel) {
  seenTo.add(kernel);
  const forget = connected('commands', kernel.statusChanged, (status) => {
    if (/restarting|dead/.test(status)) {
      seenTo.delete(kernel);
      forget();
    }
  });
  for (let asked = 0; asked < TRIES && !kernel.isDisposed; ) {
    if (kernel.status !== 'idle') {
      await after(STEP);
      continue;
    }
    asked += 1; // an answer may get lost while a kernel comes up
    const answer = await Promise.race([kernel.requestComplete({ code: '%%glm', cursor_pos: 5 }), after(LATEST)]);
    if (answer) {
      return answer.content.status === 'ok' && answer.content.matches.includes('%%glm');
    }
  }
  return kernel.isDisposed;
}

/** @type {(milliseconds: number) => Promise<null>} */
const after = (milliseconds) => new Promise((resolve) => setTimeout(() => resolve(null), milliseconds));
