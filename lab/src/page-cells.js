// Which cells ask, in the order of the page, and what the kernel has told of them. Nothing here needs a package.

/** The version of what page and kernel tell each other (docs/front-end.md). */
export const VERSION = 1;

/**
 * @typedef {{
 *   cell: string, thread: string, number: number, prompt: string, model: string, tokens: number,
 *   stale: boolean, cut: boolean,
 * }} Turn
 * @typedef {{
 *   cell: string, name: string, done: number, total: number, failed: number, in_flight: number, limit: number,
 * }} Table
 * @typedef {{
 *   version: number, thread: string, threads: {name: string, turns: number}[], turns: Turn[],
 *   usage: [string, string][], tables: Table[],
 * }} State
 */

// As notebook/glm_cell.py reads a cell: comments, blank lines and magics that run the cell below them may stand above.
const ABOVE = /(?:[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n?|\n))*/y;
const GLM = /[^\S\r\n]*[%％]{1,2}glm(?!\w)/y;
const AROUND = /%%\w[\w.]*[^\r\n]*(?:\r\n?|\n)/y;

/**
 * Whether a cell with this source asks, or is a command of ours.
 * @param {string} source
 */
export function asks(source) {
  for (let place = 0; ; ) {
    place = end(ABOVE, source, place);
    if (end(GLM, source, place) > place) {
      return true;
    }
    const below = end(AROUND, source, place);
    if (below === place) {
      return false;
    }
    place = below;
  }
}

/** @type {(pattern: RegExp, source: string, place: number) => number} */
function end(pattern, source, place) {
  pattern.lastIndex = place;
  return pattern.test(source) ? pattern.lastIndex : place;
}

/**
 * The ids of the code cells that ask, or are among those `named`, in the order of the page.
 * @param {Iterable<{type: string, id: string, sharedModel: {getSource(): string}}>} cells
 * @param {Set<string>} named
 */
export function asking(cells, named) {
  const ids = [];
  for (const { type, id, sharedModel } of cells) {
    if (type === 'code' && (named.has(id) || asks(sharedModel.getSource()))) {
      ids.push(id);
    }
  }
  return ids;
}

/**
 * The state that a kernel has told, or what it was and the tables that it has told now.
 * @param {any} data
 * @param {State | null} before
 * @returns {State | null}
 */
export function told(data, before) {
  const { type, version, turns, threads, usage, tables } = data ?? {};
  if (type === 'tables' && before && Array.isArray(tables)) {
    return { ...before, tables };
  }
  if (type === 'state' && version === VERSION && [turns, threads, usage, tables].every(Array.isArray)) {
    return data;
  }
  return before;
}

/**
 * The ids of the cells that "run stale cells" would run: the turn of a thread that is not the current one goes there
 * only if the cell says so.
 * @param {State | null} state
 * @param {(cell: string) => string | undefined} source What the cell holds; undefined if it is not on the page.
 */
export function toRun(state, source) {
  /** @type {Set<string>} */
  const cells = new Set();
  for (const { cell, thread, stale } of state?.turns ?? []) {
    const text = stale ? source(cell) : undefined;
    if (text !== undefined && (thread === state?.thread || names(text, thread))) {
      cells.add(cell);
    }
  }
  return cells;
}

/** @type {(source: string, thread: string) => boolean} */
function names(source, thread) {
  const words = source.slice(0, 1000).split(/[\s=]+/);
  return words.some((word, place) => /^(-t|--thread)$/.test(word) && words[place + 1] === thread);
}
