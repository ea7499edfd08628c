// What is prose, and how it is written: without a browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { parser } from '@lezer/markdown';

import { atEnter } from '../src/prose-lines.js';
import { isOpen, references } from '../src/prose-references.js';

/** @type {{ references: any[] }} */
const shared = JSON.parse(readFileSync(new URL('cells.json', import.meta.url), 'utf-8'));

for (const { text, insides } of shared.references) {
  test(`the kernel's references: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(references(text, codeIn(text)).map((one) => one.inside), insides);
  });
}

/** @param {string} text */
function codeIn(text) {
  /** @type {Span[]} */
  const found = [];
  parser.parse(text).iterate({
    enter: ({ name, from, to }) => void (/^(Fenced|Inline)Code$/.test(name) && found.push({ from, to })),
  });
  return found;
}

test('a reference says where it stands', () => {
  assert.deepEqual(references('a {{ b }} c', []), [{ from: 2, to: 9, inside: 'b' }]);
});

test('very much of everything is read at once', () => {
  for (const piece of ['{{', '$', '\\(', '\\begin{a}', '\\a{', '{{ a }}', '`', '$a', '{{ a $ }}']) {
    const text = piece.repeat(5_000);
    const begun = performance.now();
    references(text, []);
    assert.ok(performance.now() - begun < 2_000, piece);
  }
  const pieces = ['words \\( and [ `code {{ a }} $x \n\n', 'words and {{ a }} $x$ of it\n\n', 'and a `x` $y$ of it {{ a }}\n\n'];
  for (const piece of pieces) {
    const text = piece.repeat(20_000);
    const places = [...text.matchAll(/`x`/g)].map(({ index }) => ({ from: index, to: index + 3 }));
    const begun = performance.now();
    references(text, places);
    assert.ok(performance.now() - begun < 4_000, piece);
  }
});

test('completion opens in a reference, and not in prose', () => {
  for (const before of ['{{', '{{ ', 'a {{', '用{{ ', '{{ df.', '{{ df["a"].b.', '{{df[', '{{ 名.', '**{{ ']) {
    assert.ok(isOpen(before), before);
  }
  for (const before of ['', 'a.', '{', '{{{', '{{ df', '{{ df }}.', 'x_{{', '\\frac{{', '{{  ', '{{ 3.', '{{ a }} b.']) {
    assert.ok(!isOpen(before), before);
  }
});

test('Enter breaks the line and indents nothing', () => {
  for (const before of ['', 'def f(x):', '    indented', '  - - -', '-no list', '3.5 apples', 'a - b', '***', '* * *']) {
    assert.deepEqual(atEnter(before, '', false), { drop: 0, insert: '\n' }, before);
  }
});

test('in code, Enter keeps the indentation', () => {
  assert.deepEqual(atEnter('    return 1', '', true), { drop: 0, insert: '\n    ' });
  assert.deepEqual(atEnter('- x', '', true), { drop: 0, insert: '\n' });
});

test('Enter goes on with a list', () => {
  const next = (/** @type {string} */ before, after = '') => atEnter(before, after, false).insert;
  assert.equal(next('- a'), '\n- ');
  assert.equal(next('  * a', 'b'), '\n  * ');
  assert.equal(next('- [x] a'), '\n- [ ] ');
  assert.equal(next('9. a'), '\n10. ');
  assert.equal(next('2) a'), '\n3) ');
  assert.equal(next('1、先说明'), '\n2、');
  assert.equal(next('> a'), '\n> ');
  assert.equal(next('> - a'), '\n> - ');
});

test('Enter in an empty item ends the list', () => {
  assert.deepEqual(atEnter('- ', '', false), { drop: 2, insert: '' });
  assert.deepEqual(atEnter('  3. ', '  ', false), { drop: 5, insert: '' });
  assert.deepEqual(atEnter('> ', '', false), { drop: 2, insert: '' });
  assert.deepEqual(atEnter('- ', 'a', false), { drop: 0, insert: '\n- ' });
});
