// What is prose, and how it is written: without a browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { parser } from '@lezer/markdown';

import { hasOption, headOf, wordsOf } from '../src/prose-cell.js';
import { atEnter } from '../src/prose-lines.js';
import { isOpen, references } from '../src/prose-references.js';

/** @type {{ cells: any[], references: any[] }} */
const shared = JSON.parse(readFileSync(new URL('cells.json', import.meta.url), 'utf-8'));

for (const { source, options, prompt } of shared.cells) {
  test(`the kernel's rule: ${JSON.stringify(source)}`, () => {
    const lines = source.split('\n');
    const head = headOf(lines);
    assert.equal(head && lines.slice(head.lines.length).join('\n'), prompt ?? null);
    assert.equal(head?.options, options);
  });
}

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
  for (const piece of ['{{', '$', '\\(', '\\begin{a}', '\\a{', '{{ a }}', '`', '$a', '%%glm \\\n', '{{ a $ }}']) {
    const text = piece.repeat(5_000);
    const begun = performance.now();
    references(text, []);
    headOf(text.split('\n'));
    wordsOf(text);
    assert.ok(performance.now() - begun < 2_000, piece);
  }
});

test('words of the options are told apart', () => {
  const told = (/** @type {string} */ line) => wordsOf(line).map(({ from, to, kind }) => `${kind} ${line.slice(from, to)}`);
  assert.deepEqual(told('%%glm -m glm-4.7 --bind=plan'), ['magic %%glm', 'option -m', 'option --bind']);
  assert.deepEqual(told('  ％％glm —once “a --b c” -q'), ['magic ％％glm', 'option —once', 'option -q']);
  assert.deepEqual(told('%%glm -s "it is --not" \'nor --this\' --1'), ['magic %%glm', 'option -s']);
  assert.deepEqual(told('%%time --x'), ['magic %%time']);
  assert.deepEqual(told('  --once \\'), ['option --once']);
  assert.deepEqual(told('# c --x'), ['comment # c --x']);
  assert.deepEqual(told('#| label: a'), ['comment #| label: a']);
});

test('an option is found by its name, with any dash', () => {
  assert.ok(hasOption('-q --raw', 'raw'));
  assert.ok(hasOption('——raw', 'raw'));
  assert.ok(!hasOption('-s "--raw"', 'raw'));
  assert.ok(!hasOption('--rawer', 'raw'));
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
