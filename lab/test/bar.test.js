import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { freeName, goesOn, pythonIn, replyIn, turnOf } from '../src/bar-reply.js';
import { parts } from '../src/parts.js';
import { TRAITS, traitsSet } from '../src/traits.js';

test('the words of a reply are those of the outputs that say that they are one', () => {
  const words = { data: { 'text/plain': 'a\n\nb', 'text/markdown': 'x' }, metadata: { zhipu_magic: { model: 'glm' } } };
  const panel = { data: { 'text/html': '<div class="zhipu-magic-panel" role="group">', 'text/plain': 'p' }, metadata: {} };
  const other = { data: { 'text/plain': '2' }, metadata: {} };
  assert.deepEqual(replyIn([other, words, panel]), { text: 'a\n\nb', grows: false, asked: true });
  assert.deepEqual(replyIn([panel]), { text: '', grows: false, asked: true });
  assert.deepEqual(replyIn([other]), { text: '', grows: false, asked: false });
  assert.equal(replyIn([{ data: { 'text/plain': 'a' }, metadata: { zhipu_magic: { growing: true } } }]).grows, true);
});

test('the Python of a reply is what is labelled so', () => {
  for (const label of ['python', 'py', 'Python3', 'ipython', '{python}', 'python title="x"', '{.python .numberLines}']) {
    assert.equal(pythonIn(`Words\n\n\`\`\`${label}\nx = 1\n\`\`\`\n\n\`\`\`bash\nls\n\`\`\``), 'x = 1', label);
  }
  assert.equal(pythonIn('~~~~py\na\n~~~\nb\n~~~~~\n```py\nc\n```'), 'a\n~~~\nb\n\nc');
});

test('blocks in lists and quotations lose what is before their lines', () => {
  assert.equal(pythonIn('1. x\n\n   ```py\n   if a:\n       b\n   ```\n'), 'if a:\n    b');
  assert.equal(pythonIn('> ```py\n> if a:\n>     b\n> ```\n'), 'if a:\n    b');
  assert.equal(pythonIn('- ```py\n  a\n\n  b\n  ```'), 'a\n\nb');
});

test('a block that is not closed runs to the end', () => {
  assert.equal(pythonIn('```py\na\nb'), 'a\nb');
});

test('without labels, only what is plainly Python is taken', () => {
  const fenced = (/** @type {string} */ code) => pythonIn(`\`\`\`\n${code}\n\`\`\``);
  for (const code of ['import os', 'x = f(2)', 'for a in b:\n    c', 'print("x")', '@cached\ndef f(): ...', 'a.b[0] += 1']) {
    assert.equal(fenced(code), code);
  }
  for (const code of ['[1, 2]', 'x', '$ pip install x', 'Traceback (most recent call last):', 'total 12', '{"a": 1}']) {
    assert.equal(fenced(code), '', code);
  }
  assert.equal(pythonIn('no `code = 1` here'), '');
});

test('Windows line ends are read too', () => {
  assert.equal(pythonIn('```py\r\na\r\nb\r\n```\r\n'), 'a\nb');
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
const state = (thread, turns) => ({ version: 1, thread, threads: [], turns: turns.map(turn), usage: [], tables: [] });

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
