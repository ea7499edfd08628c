import assert from 'node:assert/strict';
import { test } from 'node:test';

import { blocks, fenced, moreRows } from '../src/blocks.js';

/** Texts, each with its blocks. */
const CASES = {
  'paragraphs, headings and rules': ['# a\n\n', 'b\nc\n\n\n', '***\n\n', 'd'],
  'a list is one block, however loose': ['a\n\n', '- b\n\n- c\n\n    d\n\n  e\n\n* f\n\n', 'g'],
  'a list that begins below words': ['a\n- b\n\n- c\n\n', 'd'],
  'quotes that follow each other': ['> a\n\n> b\n\n', 'c'],
  'a table': ['| a |\n|---|\n| b |\n\n', 'c'],
  'indented code stays with what is above it': ['a\n\n    b\n\n', 'c'],
  'a fence with blank lines': ['```py\na\n\nb\n```\n\n', 'c'],
  'a fence in a longer one': ['````\n```\n\n````\n\n', 'c'],
  'a fence of tildes': ['~~~\n```\n\n~~~\n\n', 'c'],
  'a fence that is open': ['a\n\n', '```\nb\n\nc'],
  'no fence: a span of code': ['```a`b```\n\n', 'c'],
  'a fence in a list': ['- ```\n  a\n\n  b\n  ```\n\n', 'c'],
  'elements go on to their end': ['<details><summary>a</summary>\n\nb\n\n</details>\n\n', 'c'],
  'tags in code are none': ['`<div>` and `` ` <p> ``\n\n', 'c'],
  'elements that are empty': ['a<br>b <img src="x">\n\n', 'c'],
  'addresses in angle brackets': ['<https://a.b/c> <me@a.b>\n\n', 'c'],
  'a tag that is not whole': ['a <b\n\nc'],
  'an element that is never closed': ['<b>a\n\nc\n\nd'],
  'a comment': ['<!-- a\n\nb -->\n\nc'],
  'Windows line ends': ['a\r\n\r\n', 'b'],
  'no definitions of links: code in a fence': ['```ts\n[key: string]: number;\n[a]: 1\n\n[b]: /c\n```\n\n', '[a] and [b]\n\n', 'c'],
  'definitions that no other block uses': ['[INFO]: started\n\n', '- [x]: done\n- [ ] open\n\n', '[a][b]\n[b]: /c\n\n', 'd'],
  'notes in words': ['a[^1]\n\n', '[^1]: Words of a note.\n\n', '[^2]: <me@a.b> and more\n\n', '[^2]'],
};

for (const [name, parts] of Object.entries(CASES)) {
  test(name, () => assert.deepEqual(blocks(parts.join('')), parts));
}

test('what defines links is one block, as is what has a fence of which the end is not certain', () => {
  const links = [
    'a [b]\n\n[b]: c\n\nd',
    '[b\nc]: <d e>\n\n[x][B  c]\n\nd',
    '[b] a\n\n> - [b]:\n> c\n\nd',
    '[b] a\n\n[b]: c "d\ne"\n\nf',
    '[b] a\n\n[b]: c (d)\n\nf',
    '- [x] a\n\nb\n\n- [x]: done',
    '[\\]]\n\n[\\]]: c',
    '[SS]\n\n[ß]: c',
  ];
  for (const text of [...links, '- ```\n  a\n```\n\nb\n\nc', 'a\n\n  ```\n  b', '~~~\na\n~~~\t\n\nb']) {
    assert.deepEqual(blocks(text), [text]);
  }
});

test('the blocks are the text at each moment, and those before the last but one stay', () => {
  const text = Object.values(CASES).slice(0, -5).flat().join('\n\n');
  for (let end = 1; end < text.length; end += 1) {
    const parts = blocks(text.slice(0, end));
    assert.equal(parts.join(''), text.slice(0, end));
  }
});

test('a long text that closes nothing takes no long time', () => {
  const started = performance.now();
  blocks('<b>a\n\n'.repeat(20_000));
  blocks('`a\n\n'.repeat(20_000));
  blocks('a ``` b ` c\n'.repeat(5_000));
  for (const piece of ['[\n', '- [\n\n', '[a]:\n\n', '[a', '<a', '> ']) {
    blocks(piece.repeat(20_000));
  }
  blocks(`<${'a'.repeat(50_000)}`);
  assert.ok(performance.now() - started < 5_000);
});

test('code is taken out of its fence', () => {
  assert.deepEqual(fenced('```python title\na\n\nb\n```\n\n'), { language: 'python', code: 'a\n\nb' });
  assert.deepEqual(fenced('~~~\na'), { language: '', code: 'a' });
  for (const text of ['a', '```\na\n```\nb', '```a`', '```a"b\nc', '']) {
    assert.equal(fenced(text), null);
  }
});

test('the rows by which a table grows are a table of their own', () => {
  const head = '| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |';
  assert.deepEqual(moreRows(head, `${head} 4 |\n| 5`), { table: '| a | b |\n|---|---|\n| 3 | 4 |\n| 5', kept: 1 });
  assert.equal(moreRows(head, `${head}\nwords`), null);
  assert.equal(moreRows(head, head.replace('1', '0')), null);
  assert.equal(moreRows('| a |\n|---|\n| 1', '| a |\n|---|\n| 12'), null);
  assert.equal(moreRows('words', 'more words'), null);
});
