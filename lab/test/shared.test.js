import assert from 'node:assert/strict';
import { test } from 'node:test';

import { packages } from '../src/shared.js';

/** @param {string} name @param {object} [more] */
const version = (name, more) => ({ get: async () => () => ({ name }), ...more });

test('the loaded version of a package is taken, or else the newest', async () => {
  const scope = {
    loaded: { '1.9.0': version('old', { loaded: 1 }), '1.10.0': version('new') },
    newest: { '1.9.0': version('old'), '1.10.0': version('new') },
  };
  assert.deepEqual(await packages(scope, ['loaded', 'newest']), { loaded: { name: 'old' }, newest: { name: 'new' } });
});

test('a package that is missing is left out', async () => {
  assert.deepEqual(await packages({ empty: {} }, ['empty', 'unknown']), {});
});
