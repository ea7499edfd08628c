// Which cells are for the model, and what stands above their prompts: without a browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { askingLine, hasOption, headOf, isOurs, wordsOf } from '../src/cell-head.js';

/** @type {{ cells: any[] }} */
const shared = JSON.parse(readFileSync(new URL('cells.json', import.meta.url), 'utf-8'));

for (const { source, options, prompt } of shared.cells) {
  test(`the kernel's rule: ${JSON.stringify(source)}`, () => {
    const lines = source.split('\n');
    const head = headOf(lines);
    assert.equal(head && lines.slice(head.lines.length).join('\n'), prompt ?? null);
    assert.equal(head?.options, options);
    for (const end of ['\n', '\r\n', '\r']) {
      const text = lines.join(end);
      const found = askingLine(text);
      assert.equal(found !== null, prompt !== undefined && !/^[?？]/.test(options));
      assert.match(text.slice(found?.start, found?.end), found ? /^\s*[%％]{2}glm/ : /^/);
      assert.equal(isOurs(text), prompt !== undefined || /^%glm/.test(text));
    }
  });
}

test('a cell asks by its first line, below comments, blank lines and magics that run the cell below them', () => {
  for (const above of ['', '# a comment\n\n', '%%time\n', '\n%%capture out\n  # more\n%%time\n']) {
    for (const line of ['%%glm', '%%glm -b x', '％％glm', '  %%glm', '%%glm --model \\\n  glm-5']) {
      const source = `${above}${line}\nwords`;
      const found = askingLine(source);
      assert.equal(found && source.slice(found.start, found.end), `${line}\n`, source);
    }
  }
});

test('a cell that only speaks of it does not ask', () => {
  for (const source of ['', 'x = 1\n%%glm', '%glm history', '%%glmx', 'words %%glm', '%%', '# %%glm']) {
    assert.equal(askingLine(source), null, source);
  }
});

test('a cell is ours if it begins with %%glm or %glm, below comments and magics that run the cell', () => {
  for (const source of [
    '%%glm\nhi', '%%glm', '%%glm -m x\nhi', '％％glm\nhi', '  %%glm\nhi', '%glm continue', '# why\n\n%%glm\nhi',
    '%%time\n%%glm\nhi', '%%time\r\n# why\r\n%%capture out\r\n%%glm\r\nhi', '%%glm?',
  ]) {
    assert.ok(isOurs(source), source);
  }
  for (const source of ['', '%%glmx\nhi', 'x = 1\n%%glm\nhi', '%%time', '%%time\nx', '"""\n%%glm"""', '#', '%', '%%']) {
    assert.ok(!isOurs(source), source);
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

test('very much of everything is read at once', () => {
  const pieces = ['\n', '\r', ' ', '#\n', ' #', '%', '%%a\n', '%%a b\n', '%%glx\n', '%%glm', '%%glm \\\n', ' \\\n', '\\ ', '\\', '"'];
  for (const text of pieces.flatMap((piece) => [piece.repeat(50_000), `%%glm ${piece.repeat(50_000)}`])) {
    const begun = performance.now();
    isOurs(text);
    askingLine(text);
    wordsOf(text);
    assert.ok(performance.now() - begun < 1_000, text.slice(0, 20));
  }
});

test('many lines above are read at once', () => {
  for (const line of ['# a comment\r\n', '\r\n', '%%time\r', '#|\n', '%%glm \\\r\n']) {
    for (const end of ['import x', '%%glm\nwords']) {
      const source = line.repeat(20_000) + end;
      const begun = performance.now();
      askingLine(source);
      isOurs(source);
      assert.ok(performance.now() - begun < 2_000, line);
    }
  }
});
