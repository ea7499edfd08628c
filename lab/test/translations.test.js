// Every text that a user reads has a Chinese translation, and no translation is left over.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const lab = new URL('../', import.meta.url);
const locale = new URL('../zhipu_magic/notebook/locale/zh_CN/LC_MESSAGES/zhipu_magic_lab.json', lab);
/** @type {Record<string, string[]>} */
const translations = JSON.parse(readFileSync(locale, 'utf-8'));
const known = Object.keys(translations).filter(Boolean);

/** The texts in our sources: `trans.__('…')` and `trans._n('…', '…', n)`. */
function inSources() {
  const folder = new URL('src/', lab);
  const text = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf-8')).join('\n');
  const calls = text.matchAll(/\btrans\.(?:__|_n)\(\s*(['"])((?:\\.|(?!\1)[^\\])+)\1/g);
  return [...calls].map((call) => (call[2] ?? '').replace(/\\(.)/g, '$1'));
}

/**
 * The texts of the settings.
 * @param {any} node
 * @returns {string[]}
 */
function inSchema(node) {
  return Object.entries(node).flatMap(([name, value]) => {
    if (typeof value === 'string') {
      return ['title', 'description', 'label', 'caption'].includes(name) ? [value] : [];
    }
    return value && typeof value === 'object' ? inSchema(value) : [];
  });
}

const wanted = new Set([...inSources(), ...inSchema(JSON.parse(readFileSync(new URL('schemas/plugin.json', lab), 'utf-8')))]);

test('every text has a translation', () => {
  assert.deepEqual([...wanted].filter((one) => !known.includes(one)), []);
});

test('no translation is left over', () => {
  assert.deepEqual(known.filter((one) => !wanted.has(one)), []);
});

test('the language is named as pages look it up', () => {
  assert.match(JSON.stringify(translations['']), /"language":"zh-CN"/);
});

test('a translation has the placeholders of its text', () => {
  const placeholders = (/** @type {string} */ text) => [...text.matchAll(/%\d/g)].map(String).sort();
  for (const one of known) {
    for (const translated of translations[one] ?? []) {
      assert.deepEqual(placeholders(translated), placeholders(one), one);
    }
  }
});
