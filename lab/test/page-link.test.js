// What a page says with a request: in which language it is shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Link } from '../src/page-link.js';

/**
 * @param {string | undefined} languageCode
 * @param {Record<string, any> | null} settings
 */
function said(languageCode, settings = null) {
  const packages = { '@lumino/signaling': { Signal: class {} } };
  const common = { packages, translator: { languageCode }, traits: () => settings, isOn: () => false };
  const link = new Link(/** @type {any} */ (common), /** @type {any} */ ({ model: { cells: [] }, localPath: 'a.ipynb' }));
  return link._toldWith('a');
}

test('a page that is shown in another language than English says so with every request', () => {
  assert.deepEqual(said('zh-CN'), { version: 1, language: 'zh-CN' });
  assert.equal(said('en'), null);
});

test('a page that says something says its language as well', () => {
  assert.deepEqual(said('en', { model: 'glm-5.3' }), { version: 1, language: 'en', settings: { model: 'glm-5.3' } });
});

test("JupyterLab names no language where the server's is English and no pack is installed", () => {
  assert.equal(said(undefined), null);
});
