// Every text that a user reads has a Chinese translation, and no translation is left over.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Common } from '../src/common.js';

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
 * The texts of the settings, as lab/src/common.js looks them up.
 * @param {any} node
 * @returns {string[]}
 */
function inSchema(node) {
  return Object.entries(node).flatMap(([name, value]) => {
    if (typeof value === 'string') {
      return ['title', 'description', 'label', 'caption'].includes(name) ? [value.split('%%').join('%1')] : [];
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

/** Jupyter's own reader of translations, whose modules node does not take as they are. */
async function jupyter() {
  const made = mkdtempSync(join(tmpdir(), 'gettext-'));
  for (const name of ['gettext', 'utils']) {
    const text = readFileSync(new URL(`node_modules/@jupyterlab/translation/lib/${name}.js`, lab), 'utf-8');
    writeFileSync(join(made, `${name}.mjs`), text.replace("'./utils'", "'./utils.mjs'"));
  }
  try {
    return (await import(pathToFileURL(join(made, 'gettext.mjs')).href)).Gettext;
  } finally {
    rmSync(made, { recursive: true });
  }
}

test('Jupyter reads our texts as they are meant, %%glm among them', async () => {
  const Gettext = await jupyter();
  Object.assign(globalThis, { document: { documentElement: { getAttribute: () => 'en' } } });
  const texts = new Gettext({ locale: 'zh_CN', domain: 'ours' });
  const { language, plural_forms: pluralForms } = /** @type {any} */ (translations['']);
  texts.loadJSON({ ...translations, '': { language, pluralForms } }, 'ours'); // as the page does
  const common = Object.create(Common.prototype, { trans: { value: { __: texts.__.bind(texts) } } });
  const title = 'Cells that begin with %%glm are edited as Markdown, in a font for text, with soft wrap and spell check.';
  const { schema } = common._translated({ schema: { title, inner: [{ label: 'Another %%glm: 5 %' }] } });
  assert.match(schema.title, /^以 %%glm 开头/);
  assert.equal(schema.inner[0].label, 'Another %%glm: 5 %');
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
