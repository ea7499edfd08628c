// Each part fails alone, also where a browser is older than its code.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { parts } from '../src/parts.js';

const source = new URL('../src/', import.meta.url);

/**
 * A module, and all that it cannot be loaded without.
 * @param {string} name
 * @param {Map<string, string>} [found]
 */
function graph(name, found = new Map()) {
  if (!found.has(name)) {
    const text = readFileSync(new URL(name, source), 'utf-8');
    found.set(name, text);
    [...text.matchAll(/^(?:import|export) .*?from '\.\/(.+?)';$/gms)].forEach(([, next]) => graph(String(next), found));
  }
  return found;
}

test('all parts can be loaded', async () => {
  assert.deepEqual((await parts).map(({ name }) => name), ['prose', 'page', 'growing', 'bar', 'commands', 'side']);
});

test('what all parts stand on imports none of them', () => {
  for (const root of ['index.js', 'parts.js']) {
    const needed = [...graph(root).keys()];
    assert.deepEqual(needed.filter((name) => /^(?:prose|growing|bar|commands|side)\b/.test(name) || name === 'page.js'), []);
  }
});

test('no part needs the module of another', () => {
  const modules = ['prose.js', 'page.js', 'growing.js', 'bar.js', 'commands.js', 'side.js'];
  for (const one of modules) {
    assert.deepEqual([...graph(one).keys()].filter((name) => name !== one && modules.includes(name)), []);
  }
});

test('a browser that cannot look behind in a pattern loses prose and growing alone', () => {
  const wanted = /\(\?<[!=]/;
  for (const root of ['index.js', 'parts.js', 'page.js', 'bar.js', 'commands.js', 'side.js']) {
    assert.deepEqual([...graph(root)].filter(([, text]) => wanted.test(text)).map(([name]) => name), []);
  }
});
