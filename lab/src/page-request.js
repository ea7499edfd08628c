// What the page adds to each request to execute a cell.

import { complain } from './console.js';

/**
 * @typedef {import('./page-link.js').Kernel} Kernel
 * @typedef {(cell: string) => import('@lumino/coreutils').JSONObject | null} Telling
 */

/** What a connection's requests say; null for nothing any more. @type {WeakMap<Kernel, {tell: Telling | null}>} */
const wrapped = new WeakMap();

/**
 * Have each request of this connection to execute a cell say what `tell` gives for it.
 * @param {Kernel} kernel
 * @param {Telling} tell
 * @returns {() => void} Ends it.
 */
export function addToRequests(kernel, tell) {
  const one = wrapped.get(kernel) ?? wrap(kernel);
  one.tell = tell;
  return () => void (one.tell === tell && (one.tell = null));
}

/** @param {Kernel} kernel */
function wrap(kernel) {
  const { requestExecute } = kernel;
  const one = { tell: /** @type {Telling | null} */ (null) };
  wrapped.set(kernel, one);
  kernel.requestExecute = (content, disposeOnDone, metadata) => {
    let more = null;
    try {
      const cell = metadata?.['cellId'];
      more = typeof cell === 'string' ? one.tell?.(cell) : null;
    } catch (error) {
      complain('page', error);
    }
    return requestExecute.call(kernel, content, disposeOnDone, more ? { ...metadata, zhipu_magic: more } : metadata);
  };
  return one;
}
