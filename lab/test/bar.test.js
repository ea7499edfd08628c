import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { GFM, parser as markdown } from '@lezer/markdown';
import { parser as python } from '@lezer/python';

import { parsersOf, pythonIn } from '../src/bar-python.js';
import { goesOn, replyIn, turnOf } from '../src/bar-reply.js';
import { Running } from '../src/bar-running.js';
import { freeName } from '../src/cells.js';
import { parts } from '../src/parts.js';
import { usageIn } from '../src/side-words.js';
import { TRAITS, traitsSet } from '../src/traits.js';

/** @type {{ python: { text: string, code: string }[] }} */
const shared = JSON.parse(readFileSync(new URL('cells.json', import.meta.url), 'utf-8'));
/** @type {any} The page's languages, of which Jupyter's own Markdown is more than this one. */
const languages = {
  getLanguage: async (/** @type {string} */ name) => ({
    support: { language: { parser: name === 'python' ? python : markdown.configure(GFM) } },
  }),
};
const parsers = /** @type {import('../src/bar-python.js').Parsers} */ (await parsersOf(languages));

test('the words of a reply are those of the outputs that say that they are one', () => {
  const words = { data: { 'text/plain': 'a\n\nb', 'text/markdown': 'x' }, metadata: { zhipu_magic: { model: 'glm' } } };
  const panel = { data: { 'text/html': '<div class="zhipu-magic-panel" role="group">', 'text/plain': 'p' }, metadata: {} };
  const other = { data: { 'text/plain': '2' }, metadata: {} };
  assert.deepEqual(replyIn([other, words, panel]), { text: 'a\n\nb', grows: false, asked: true });
  assert.deepEqual(replyIn([panel]), { text: '', grows: false, asked: true });
  assert.deepEqual(replyIn([other]), { text: '', grows: false, asked: false });
  assert.equal(replyIn([{ data: { 'text/plain': 'a' }, metadata: { zhipu_magic: { growing: true } } }]).grows, true);
});

for (const { text, code } of shared.python) {
  test(`the kernel's Python: ${JSON.stringify(text)}`, () => assert.equal(pythonIn(text, parsers), code));
}

test('very much of everything is read at once', () => {
  for (const piece of ['```\n', '> ', '```py\nx\n', '- ', '```\nx = 1\n```\n', '```\n(((\n```\n', '```\n!x\n```\n', '    ']) {
    const begun = performance.now();
    pythonIn(`\`\`\`\n${piece.repeat(2_000)}`, parsers);
    pythonIn(piece.repeat(2_000), parsers);
    assert.ok(performance.now() - begun < 4_000, piece);
  }
});

test('a cell runs from when the kernel begins with it until it is idle, whoever has asked', () => {
  const running = new Running();
  const send = (/** @type {string} */ id, /** @type {string} */ cellId) =>
    running.hear({ direction: 'send', msg: { header: { msg_type: 'execute_request', msg_id: id }, metadata: { cellId } } });
  const status = (/** @type {string} */ id, /** @type {string} */ now, kind = 'execute_request') =>
    running.hear({
      direction: 'recv',
      msg: {
        header: { msg_type: 'status', msg_id: 's' },
        parent_header: { msg_type: kind, msg_id: id },
        content: { execution_state: now },
      },
    });
  assert.equal(status('elsewhere', 'busy'), true);
  assert.equal(send('1', 'a'), true);
  send('2', 'b');
  assert.deepEqual([running.cell, [...running.all]], [undefined, ['a', 'b']]);
  status('elsewhere', 'idle');
  status('1', 'busy');
  assert.equal(status('x', 'busy', 'comm_msg'), false);
  assert.equal(running.cell, 'a');
  status('1', 'idle');
  assert.equal(running.cell, undefined);
  status('2', 'busy');
  assert.deepEqual([running.cell, [...running.all]], ['b', ['b']]);
  running.clear();
  assert.equal(running.cell, undefined);
});

test('what was used is said in the language of the page', () => {
  /** @type {any} */
  const trans = { __: (/** @type {string} */ text, /** @type {string[]} */ ...parts) => parts.reduce((all, part, at) => all.replace(`%${at + 1}`, part), text) };
  const usage = { requests: 2, prompt_tokens: 1, completion_tokens: 3, cost: 0.00123, estimated_tokens: 0, budget: null };
  assert.deepEqual(usageIn(trans, null), []);
  assert.deepEqual(usageIn(trans, usage).map(([, figure]) => figure), ['2', '1 tokens', '3 tokens', '≈ ¥0.0012']);
  const costs = /** @type {const} */ ([0, 'practice', 'uncounted', 'unpriced', 2.345, 0.00001]);
  const said = costs.map((cost) => usageIn(trans, { ...usage, cost })[3]?.[1]);
  assert.deepEqual(said, ['free', 'free: practice', 'not known', 'price not known', '≈ ¥2.35', '≈ < ¥0.0001']);
  const budget = { left: 1.5, limit: 5, unit: 'yuan' };
  assert.deepEqual(usageIn(trans, { ...usage, estimated_tokens: 7, budget }).slice(4), [
    ['not counted', 'about 7 tokens'],
    ['budget left', '¥1.5 of ¥5'],
  ]);
});

test('a fork has a name that no thread has and no cell gives', () => {
  assert.equal(freeName('main', [], []), 'main-2');
  assert.equal(freeName('main', ['main', 'main-2'], ['%glm fork main-3 --at 1', '%glm thread main-4']), 'main-5');
  assert.equal(freeName('main-2', ['main-2'], []), 'main-3');
  assert.ok(freeName('x'.repeat(500), [], []).length < 60);
});

/** @type {(more: object) => any} */
const turn = (more) => ({ cell: 'a', thread: 'main', number: 1, prompt: '', model: '', tokens: 0, stale: false, cut: false, ...more });
/** @type {(thread: string, turns: object[]) => any} */
const state = (thread, turns) => ({ version: 1, thread, threads: [], turns: turns.map(turn), usage: null, tables: [], jobs: [] });

test('of a cell with several turns, the newest of the current thread counts', () => {
  const told = state('main', [{ number: 1 }, { number: 3 }, { thread: 'other', number: 9 }, { cell: 'b', number: 4 }]);
  assert.equal(turnOf(told, 'a')?.number, 3);
  assert.equal(turnOf({ ...told, thread: 'third' }, 'a')?.number, 9);
  assert.equal(turnOf(told, 'c'), null);
  assert.equal(turnOf(null, 'a'), null);
});

test('only the last turn of the current thread goes on', () => {
  const told = state('main', [{ number: 1, cut: true }, { cell: 'b', number: 2, cut: true }]);
  assert.equal(goesOn(told, turnOf(told, 'b')), true);
  assert.equal(goesOn(told, turnOf(told, 'a')), false);
  assert.equal(goesOn({ ...told, thread: 'other' }, turnOf(told, 'b')), false);
});

test('traits are those that the user has set', () => {
  const user = { model: 'glm-5', system: '', temperature: null, stream: false, max_retries: 0, bar: false, base_url: 'x' };
  assert.deepEqual(traitsSet(user), { model: 'glm-5', stream: false, max_retries: 0 });
  assert.deepEqual(traitsSet(undefined), {});
});

test('each setting is a part or a trait', async () => {
  const schema = JSON.parse(readFileSync(new URL('../schemas/plugin.json', import.meta.url), 'utf-8'));
  assert.deepEqual(Object.keys(schema.properties).sort(), [...(await parts).map(({ name }) => name), ...TRAITS].sort());
});
