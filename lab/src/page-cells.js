// Which cells ask, in the order of the page, and what the kernel has told of them. Pure.

import { isOurs } from './cell-head.js';

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
 *   requests: number, prompt_tokens: number, completion_tokens: number, cost: number | string,
 *   estimated_tokens: number, budget: { left: number, limit: number, unit: string } | null,
 * }} Usage
 * @typedef {{
 *   version: number, number: number, thread: string, threads: {name: string, turns: number}[], turns: Turn[],
 *   usage: Usage | null, tables: Table[], jobs: string[], earlier?: string,
 * }} State
 */

/**
 * The ids of the code cells that ask, or are among those `named`, in the order of the page; none if none asks.
 * @param {Iterable<{type: string, id: string, sharedModel: {getSource(): string}}>} cells
 * @param {Set<string>} named
 * @param {string} [running] One more.
 */
export function asking(cells, named, running) {
  const codes = [...cells].filter((cell) => cell.type === 'code');
  const found = new Set(codes.filter((cell) => named.has(cell.id) || isOurs(cell.sharedModel.getSource())));
  return codes.filter((cell) => found.has(cell) || (found.size && cell.id === running)).map((cell) => cell.id);
}

/** The ids of all code cells. @param {Iterable<{type: string, id: string}>} cells */
export function codeCells(cells) {
  return [...cells].flatMap(({ type, id }) => (type === 'code' ? [id] : []));
}

/** Of the cells above: how many are told at most, and characters of one of Markdown, and of all. */
const MOST_ABOVE = 2_000;
const LONGEST_TEXT = 50_000;
const LONGEST_ABOVE = 1_000_000;

/**
 * The cells above the running one, if that asks: code by its id, Markdown with its text. Undefined where it does not
 * ask, or where there are too many.
 * @param {Iterable<{
 *   type: string, id: string, sharedModel: {getSource(): string}, getMetadata(name: string): any,
 * }>} cells
 * @param {string} running
 * @returns {import('@lumino/coreutils').JSONObject[] | undefined}
 */
export function above(cells, running) {
  const all = [...cells];
  const place = all.findIndex((cell) => cell.id === running);
  const source = all[place]?.sharedModel.getSource() ?? '';
  if (place > MOST_ABOVE || !isOurs(source)) {
    return undefined;
  }
  let left = LONGEST_ABOVE;
  return all
    .slice(0, place)
    .filter(({ type }) => type === 'code' || type === 'markdown')
    .map((cell) => {
      const tags = cell.getMetadata('tags');
      const named = { cell: cell.id, ...(Array.isArray(tags) && tags.length && { tags }) };
      if (cell.type === 'code') {
        return named;
      }
      const text = cell.sharedModel.getSource().slice(0, Math.min(LONGEST_TEXT, left));
      left -= text.length;
      return { ...named, text };
    });
}

/** What is told of each, by an example. */
const THREAD = { name: '', turns: 0 };
const TURN = { cell: '', thread: '', number: 0, prompt: '', model: '', tokens: 0, stale: false, cut: false };
const TABLE = { cell: '', name: '', done: 0, total: 0, failed: 0, in_flight: 0, limit: 0 };

/**
 * The state that a kernel has told, or what it was with what is told of it now; as it was if that makes no sense.
 * @param {any} data
 * @param {State | null} before
 * @returns {State | null}
 */
export function told(data, before) {
  const { type, version, number, ...members } = data ?? {};
  const { turns } = members;
  if (type === 'going' && before) {
    return whole({ ...before, tables: members.tables, jobs: members.jobs }) ?? before;
  }
  if (type === 'changes' && before && number === before.number + 1 && (turns === undefined || Array.isArray(turns))) {
    /** @param {any} part */
    const turnsOf = (part) => (Array.isArray(part) ? before.turns.slice(...part) : part);
    return whole({ ...before, ...members, number, turns: turns?.flatMap(turnsOf) ?? before.turns }) ?? before;
  }
  return (type === 'state' && version === VERSION && whole(data)) || before;
}

/**
 * A state, if it has all that it needs and all its turns make sense: changes count their places. What makes no sense in
 * its other lists is left out.
 * @param {any} state
 * @returns {State | null}
 */
function whole(state) {
  const { turns, threads, tables, jobs, thread, number } = state;
  const isWhole = [turns, threads, tables, jobs].every(Array.isArray) && fits('')(thread) && fits(0)(number);
  if (!isWhole || !turns.every(fits(TURN))) {
    return null;
  }
  return {
    ...state,
    threads: threads.filter(fits(THREAD)),
    tables: tables.filter(fits(TABLE)),
    jobs: jobs.filter(fits('')),
  };
}

/**
 * Whether something is as the example is: of its type, and each of its members alike.
 * @param {unknown} example
 * @returns {(value: any) => boolean}
 */
function fits(example) {
  return (value) => {
    if (typeof value !== typeof example || value === null || Number.isNaN(value)) {
      return false;
    }
    const members = typeof example === 'object' ? Object.entries(example ?? {}) : [];
    return members.every(([name, like]) => fits(like)(value[name]));
  };
}

/**
 * The cells on the page whose turns are stale, by their sources: in the current thread, if they have any there.
 * Running one again renews it (true) only if it asks there too.
 * @param {State | null} state
 * @param {Map<string, string>} sources
 */
export function staleCells(state, sources) {
  const { thread: here = '', turns = [] } = state ?? {};
  const fresh = new Set(turns.flatMap((turn) => (turn.thread === here && !turn.stale ? [turn.cell] : [])));
  /** @type {Map<string, boolean>} */
  const stale = new Map();
  for (const { cell, thread } of turns.filter((turn) => turn.stale && !fresh.has(turn.cell))) {
    const words = sources.get(cell)?.split(/[\s=]+/, 100);
    if (words) {
      stale.set(cell, thread === here || words.includes(thread) || stale.get(cell) === true);
    }
  }
  return stale;
}
