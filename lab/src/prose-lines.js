// What Enter writes in a prompt: a line break, and the next item's mark in a list. Nothing is indented by itself.

const ITEM = /^(\s*(?:>[ \t]?)*)(?:([-*+][ \t]+)|(\d{1,9})([.)][ \t]+|[、．][ \t]*))(\[[ xX]\][ \t]+)?/;
const RULE = /^\s*([-*_])(?:[ \t]*\1){2,}\s*$/;
const QUOTE = /^\s*(?:>[ \t]?)+/;

/**
 * @param {string} before The line up to the cursor.
 * @param {string} after The rest of it.
 * @param {boolean} isCode Whether it stands in a block of code, which keeps its indentation.
 * @returns {{ drop: number, insert: string }} How many characters before the cursor go, and what comes.
 */
export function atEnter(before, after, isCode) {
  if (isCode) {
    return { drop: 0, insert: `\n${/^[ \t]*/.exec(before)?.[0] ?? ''}` };
  }
  const mark = RULE.test(before + after) ? null : nextMark(before);
  if (!mark) {
    return { drop: 0, insert: '\n' };
  }
  if (mark.length === before.length && !after.trim()) {
    return { drop: before.length, insert: '' };
  }
  return { drop: 0, insert: `\n${mark.next}` };
}

/**
 * The mark with which a line begins, how long it is, and the one that follows it.
 * @param {string} line
 */
function nextMark(line) {
  const item = ITEM.exec(line);
  const quote = QUOTE.exec(line)?.[0];
  if (item) {
    const [whole, indent = '', bullet, number, end = '', box] = item;
    return { length: whole.length, next: indent + (bullet ?? `${Number(number) + 1}${end}`) + (box ? '[ ] ' : '') };
  }
  return quote ? { length: quote.length, next: quote } : null;
}
