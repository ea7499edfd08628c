import assert from 'node:assert/strict';
import { test } from 'node:test';

import { above, asking, codeCells, staleCells, told } from '../src/page-cells.js';

/** @param {string} id @param {string} source @param {string} [type] */
const cell = (id, source, type = 'code') => ({ id, type, sharedModel: { getSource: () => source } });

/** @param {string} id @param {string} source @param {string} [type] @param {any} [tags] */
const tagged = (id, source, type, tags) => ({ ...cell(id, source, type), getMetadata: () => tags });

test('asking cells come in the order of the page, with those that are named and the running one', () => {
  const cells = [cell('a', '%%glm\n'), cell('t', '%%glm', 'markdown'), cell('n', 'chat.ask()'), cell('r', 'x'), cell('b', '%%glm')];
  assert.deepEqual(asking(cells, new Set()), ['a', 'b']);
  assert.deepEqual(asking(cells, new Set(['n', 'gone']), 'r'), ['a', 'n', 'r', 'b']);
  assert.deepEqual(asking(cells, new Set(), 'elsewhere'), ['a', 'b']);
});

test('above a cell that asks are the code cells by their ids, and Markdown with its text', () => {
  const cells = [tagged('a', 'x'), tagged('m', '# Why', 'markdown'), tagged('r', 'raw', 'raw'), tagged('b', 'y', 'code', ['glm-pin'])];
  const asks = tagged('q', '%%glm --above\n?');
  const told = [{ cell: 'a' }, { cell: 'm', text: '# Why' }, { cell: 'b', tags: ['glm-pin'] }];
  assert.deepEqual(above([...cells, asks, tagged('z', 'below')], 'q'), told);
  assert.equal(above([...cells, asks], 'b'), undefined);
  assert.equal(above(cells, 'elsewhere'), undefined);
  assert.equal(above([...Array(2_001).fill(cells[0]), asks], 'q'), undefined);
});

test('of Markdown above, a bounded part is told', () => {
  const cells = Array(40).fill(tagged('m', 'x'.repeat(60_000), 'markdown'));
  const told = above([...cells, tagged('q', '%%glm')], 'q') ?? [];
  assert.equal(told.map(({ text }) => String(text)).join('').length, 1_000_000);
  assert.equal(String(told[0]?.text).length, 50_000);
});

test('a cell that is no code any more is none of the code cells', () => {
  assert.deepEqual(codeCells([cell('a', '1'), cell('t', '%%glm', 'markdown'), cell('r', '%%glm', 'raw'), cell('b', '')]), ['a', 'b']);
});

test('of a page where no cell asks, the running one does neither', () => {
  assert.deepEqual(asking([cell('a', '1'), cell('b', '2')], new Set(), 'a'), []);
});

const empty = { type: 'state', version: 1, number: 1, thread: 'main', threads: [], turns: [], usage: null, tables: [], jobs: ['j'] };

test('a state of our version is taken, and what goes on after it', () => {
  const state = told(empty, null);
  assert.deepEqual(state, empty);
  const table = { cell: 't', name: 'df', done: 1, total: 2, failed: 0, in_flight: 1, limit: 4 };
  assert.deepEqual(told({ type: 'going', tables: [table], jobs: [] }, state), { ...empty, tables: [table], jobs: [] });
});

test('what has changed is told by what was there', () => {
  const turns = ['a', 'b', 'c'].map((id) => turn(id, false));
  const state = { ...empty, turns };
  const changes = { type: 'changes', number: 2, thread: 'x', turns: [[2, 3], turn('d', true), [0, 2]] };
  const next = told(changes, state);
  assert.deepEqual(next, { ...state, number: 2, thread: 'x', turns: [turns[2], turn('d', true), turns[0], turns[1]] });
  assert.deepEqual(told({ type: 'changes', number: 3, usage: null }, next), { ...next, number: 3, usage: null });
  assert.equal(told({ ...changes, number: 3 }, state), state);
  assert.equal(told(changes, next), next);
});

test('what is no state changes nothing', () => {
  for (const data of [
    null, 1, 'state', {}, [], { ...empty, version: 2 }, { ...empty, turns: 'x' }, { type: 'going', tables: [] },
    { type: 'changes' }, { type: 'changes', number: 2, turns: 'x' },
  ]) {
    assert.equal(told(data, empty), empty);
    assert.equal(told(data, null), null);
  }
});

test('what makes no sense in a state is left out', () => {
  const table = { cell: 't', name: 'df', done: 1, total: 2, failed: 0, in_flight: 1, limit: 4 };
  const turns = [turn('b', true)];
  const tables = [table, { ...table, done: 'a' }, 'x'];
  const state = told({ ...empty, turns, tables, threads: [{ name: 'main' }], jobs: [1, 'c'] }, null);
  assert.deepEqual(state, { ...empty, turns: [turn('b', true)], tables: [table], jobs: ['c'] });
  assert.deepEqual(told({ type: 'going', tables, jobs: [null] }, state)?.tables, [table]);
  for (const bad of [{ thread: null }, { number: '1' }, { jobs: undefined }]) {
    assert.equal(told({ ...empty, ...bad }, state), state);
  }
});

test('a state with a turn that makes no sense is none, or changes would move others', () => {
  const state = told({ ...empty, turns: [turn('b', true)] }, null);
  for (const bad of [null, 1, 'x', { ...turn('a', false), tokens: null }, { ...turn('a', false), number: NaN }]) {
    assert.equal(told({ ...empty, turns: [turn('b', true), bad] }, state), state);
    assert.equal(told({ type: 'changes', number: 2, turns: [[0, 1], bad] }, state), state);
  }
});

/** @param {string} id @param {boolean} stale @param {string} [thread] */
const turn = (id, stale, thread = 'main') =>
  ({ cell: id, thread, number: 1, prompt: '', model: '', tokens: 0, stale, cut: false });

test('cells of the page with stale turns are found, and whether running them again renews them', () => {
  const turns = [turn('a', false), turn('b', true), turn('c', true, 'x'), turn('d', true, 'x'), turn('gone', true)];
  const sources = new Map([['a', '%%glm'], ['b', '%%glm'], ['c', '%%glm'], ['d', '%%glm --thread=x\nhi']]);
  assert.deepEqual([...staleCells({ ...empty, turns }, sources)], [['b', true], ['c', false], ['d', true]]);
  assert.deepEqual([...staleCells(null, sources)], []);
});

test('a turn of the current thread counts before those of others', () => {
  const turns = [turn('a', true, 'x'), turn('a', false)];
  assert.deepEqual([...staleCells({ ...empty, turns }, new Map([['a', '']]))], []);
});
